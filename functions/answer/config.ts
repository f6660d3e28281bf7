import { ConfigError } from '#domain/errors.ts';

/** What the stack must supply; the rest is the runtime's own. */
export const ENV_KEYS = ['MIRRORTIDE_BUCKET'] as const;
export type EnvKey = (typeof ENV_KEYS)[number];

export interface Config {
  readonly bucket: string;
  readonly region: string;
  readonly credentials: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken: string | undefined;
  };
  /** Replaces S3's own address; the bucket then stands in the path. */
  readonly endpoint: URL | undefined;
}

const parseEndpoint = (text: string | undefined, problems: string[]): URL | undefined => {
  if (text === undefined || text === '') return undefined;
  const url = URL.parse(text);
  if (url !== null && /^https?:$/.test(url.protocol)) return url;
  problems.push('AWS_ENDPOINT_URL_S3 is not an http or https URL');
  return undefined;
};

export const parseConfig = (env: Readonly<Record<string, string | undefined>>): Readonly<Config> => {
  const problems: string[] = [];
  const required = (key: string): string => {
    const value = env[key] ?? '';
    if (value === '') problems.push(`${key} is missing`);
    return value;
  };
  const config = {
    bucket: required('MIRRORTIDE_BUCKET'),
    region: required('AWS_REGION'),
    credentials: {
      accessKeyId: required('AWS_ACCESS_KEY_ID'),
      secretAccessKey: required('AWS_SECRET_ACCESS_KEY'),
      sessionToken: env['AWS_SESSION_TOKEN'] || undefined,
    },
    endpoint: parseEndpoint(env['AWS_ENDPOINT_URL_S3'], problems),
  };
  if (problems.length > 0) throw new ConfigError(problems.join('; '));
  return config;
};
