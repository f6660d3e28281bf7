import type { Duration } from 'aws-cdk-lib';
import { type CfnElement, Stack, Duration as Time, Validations } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Schedule, ScheduleExpression, ScheduleTargetInput } from 'aws-cdk-lib/aws-scheduler';
import { LambdaInvoke } from 'aws-cdk-lib/aws-scheduler-targets';
import { Construct } from 'constructs';
import type { StageFunction } from './stage-function.ts';

export interface StageScheduleProps {
  readonly stage: StageFunction;
  readonly every: Duration;
  readonly input: Readonly<Record<string, unknown>>;
}

/** Calls one stage at a fixed rate. A missed call is not repeated: the next one does the same work. */
export class StageSchedule extends Construct {
  constructor(scope: Construct, id: string, props: StageScheduleProps) {
    super(scope, id);
    const role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('scheduler.amazonaws.com') });
    new Schedule(this, 'Schedule', {
      schedule: ScheduleExpression.rate(props.every),
      target: new LambdaInvoke(props.stage.function, {
        input: ScheduleTargetInput.fromObject(props.input),
        role,
        retryAttempts: 0,
        maxEventAge: Time.minutes(1),
      }),
      description: `Mirrortide ${props.stage.stage} every ${props.every.toHumanString()}`,
    });
    const logicalId = Stack.of(this).getLogicalId(props.stage.function.node.defaultChild as CfnElement);
    Validations.of(role).acknowledge({
      id: `AwsSolutions-IAM5[Resource::<${logicalId}.Arn>:*]`,
      reason: 'The scheduler target also allows the versions of this one function; there are none.',
    });
  }
}
