/** What passes between the runtime and one function instance. */
export interface InstanceSettings {
  readonly name: string;
  readonly bundleUrl: string;
  readonly timeoutMs: number;
}

export interface InstanceRequest {
  readonly id: string;
  readonly event: unknown;
}

export type InstanceReply =
  | { readonly id: ''; readonly kind: 'loaded' }
  | { readonly id: string; readonly kind: 'result'; readonly result: unknown }
  | { readonly id: string; readonly kind: 'error'; readonly name: string; readonly message: string; readonly stack: string };
