/** Where the service is, who we are to it, and how patient we are. */
export interface ServiceAccess {
  /** Without a trailing slash; `/api/v1/…` is appended. */
  readonly baseUrl: string;
  /** The name to claim where the credential does not say it; undefined: this host's own, if nothing else says who we are. */
  readonly host: string | undefined;
  readonly token: string | undefined;
  readonly tokenFile: string | undefined;
  readonly secretId: string | undefined;
  readonly secret: string | undefined;
  readonly clientCertificateFile: string | undefined;
  readonly clientKeyFile: string | undefined;
  readonly caFile: string | undefined;
  readonly connectMs: number;
  readonly totalMs: number;
  /** Attempts of one request, the first included. */
  readonly attempts: number;
  /** Longest wait before the second attempt; doubles with each further one. */
  readonly backoffMs: number;
}
