import { type CfnElement, type Duration, type Size, Stack, Validations } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';

export interface StageSize {
  readonly memoryMib: number;
  readonly timeout: Duration;
  /** At most so many instances; undefined: as many as the account allows. */
  readonly concurrency?: number;
  /** Room for files; undefined: the 512 MiB that every function has. */
  readonly files?: Size;
}

export interface StageFunctionProps extends StageSize {
  /** Folder of `functions/`; also the name in metrics and logs. */
  readonly stage: string;
  /** Folder that holds the stage's bundle, `index.mjs`. */
  readonly bundle: string;
  /** Every key of the stage's config: a forgotten one is a type error. */
  readonly environment: Readonly<Record<string, string>>;
  readonly logRetention: RetentionDays;
}

/** Makes one stage of a stack, with the environment that its config names. */
export type MakeStage = (stage: string, environment: Readonly<Record<string, string>>, size: StageSize) => StageFunction;

/** What a stage may do with objects below one key or prefix of a bucket. */
export type ObjectAction = 's3:GetObject' | 's3:PutObject' | 's3:DeleteObject';

/** One stage: its function, its log group and a role that starts with nothing but writing that log. */
export class StageFunction extends Construct {
  readonly stage: string;
  readonly function: LambdaFunction;
  private readonly role: Role;

  constructor(scope: Construct, id: string, props: StageFunctionProps) {
    super(scope, id);
    this.stage = props.stage;
    const logGroup = new LogGroup(this, 'Log', { retention: props.logRetention });
    this.role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    logGroup.grantWrite(this.role);
    this.function = new LambdaFunction(this, 'Function', {
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      handler: 'index.handler',
      code: Code.fromAsset(props.bundle),
      memorySize: props.memoryMib,
      timeout: props.timeout,
      role: this.role,
      logGroup,
      environment: { ...props.environment },
      ...(props.files === undefined ? {} : { ephemeralStorageSize: props.files }),
      ...(props.concurrency === undefined ? {} : { reservedConcurrentExecutions: props.concurrency }),
      description: `Mirrortide ${props.stage}`,
    });
  }

  /**
   * Allows `actions` on `keys` of the bucket: whole keys, or prefixes that end in `*`. Listing comes with reading, since S3
   * answers 403 instead of 404 for a missing object to whoever may not list.
   */
  allowObjects(bucket: Bucket, actions: readonly ObjectAction[], keys: readonly string[]): void {
    this.role.addToPolicy(
      new PolicyStatement({ actions: [...actions], resources: keys.map((key) => bucket.arnForObjects(key)) }),
    );
    if (actions.includes('s3:GetObject')) {
      this.role.addToPolicy(new PolicyStatement({ actions: ['s3:ListBucket'], resources: [bucket.bucketArn] }));
    }
    const logicalId = Stack.of(this).getLogicalId(bucket.node.defaultChild as CfnElement);
    for (const key of keys.filter((name) => name.endsWith('*'))) {
      Validations.of(this.role).acknowledge({
        id: `AwsSolutions-IAM5[Resource::<${logicalId}.Arn>/${key}]`,
        reason: 'Objects are named by their content, so only their prefix is known beforehand.',
      });
    }
  }
}
