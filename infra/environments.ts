/** Sizes, schedules and names per deployment: plain data, chosen by `-c environment=NAME`. */
export interface Environment {
  /** CloudFormation stack name; also the prefix of what is named by hand. */
  readonly stackName: string;
  /** Network file that gives the categories to schedule; its inventory is applied with `npm run apply`. */
  readonly networkFile: string;
  /** Whoever hears of alarms; empty: nobody subscribes yet. */
  readonly alarmEmail: string;
  /** A name of one's own and its certificate (us-east-1); undefined serves under the CDN's name. */
  readonly domain: { readonly name: string; readonly certificateArn: string } | undefined;
  readonly logRetentionDays: number;
}

export const environments: Readonly<Record<string, Environment>> = {
  default: {
    stackName: 'mirrortide',
    networkFile: 'examples/fedora.yaml',
    alarmEmail: '',
    domain: undefined,
    logRetentionDays: 90,
  },
};
