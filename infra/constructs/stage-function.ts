import { type Duration, Validations } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';

export interface StageFunctionProps {
  /** Folder of `functions/`; also the name in metrics and logs. */
  readonly stage: string;
  /** Folder that holds the stage's bundle, `index.mjs`. */
  readonly bundle: string;
  readonly memoryMib: number;
  readonly timeout: Duration;
  /** At most so many instances; undefined: as many as the account allows. */
  readonly concurrency?: number;
  /** Every key of the stage's config: a forgotten one is a type error. */
  readonly environment: Readonly<Record<string, string>>;
  readonly logRetention: RetentionDays;
}

/** One stage: its function, its log group and a role that starts with nothing but writing that log. */
export class StageFunction extends Construct {
  readonly stage: string;
  readonly function: LambdaFunction;
  readonly timeout: Duration;

  constructor(scope: Construct, id: string, props: StageFunctionProps) {
    super(scope, id);
    this.stage = props.stage;
    this.timeout = props.timeout;
    const logGroup = new LogGroup(this, 'Log', { retention: props.logRetention });
    const role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    logGroup.grantWrite(role);
    this.function = new LambdaFunction(this, 'Function', {
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      handler: 'index.handler',
      code: Code.fromAsset(props.bundle),
      memorySize: props.memoryMib,
      timeout: props.timeout,
      role,
      logGroup,
      environment: { ...props.environment },
      ...(props.concurrency === undefined ? {} : { reservedConcurrentExecutions: props.concurrency }),
      description: `Mirrortide ${props.stage}`,
    });
    Validations.of(role).acknowledge({
      id: 'AwsSolutions-IAM5',
      reason:
        'Object keys are content hashes below a prefix of one bucket, and log streams are named by Lambda: both need a trailing wildcard. test/infra checks that no statement has the resource "*".',
    });
  }
}
