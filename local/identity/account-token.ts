import type { LocalIdentity } from './local-identity.ts';

/** What gives a token of the first account, who may do everything; undefined when people are somebody else's to know. */
export const accountToken = ({ issuer, accounts: [account] }: LocalIdentity): (() => Promise<string>) | undefined => {
  if (issuer === undefined || account === undefined) return undefined;
  return async () => {
    const response = await fetch(issuer.tokenUrl, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(`${account.name}:${account.secret}`).toString('base64')}` },
      body: new URLSearchParams({ grant_type: 'client_credentials' }),
    });
    const { access_token: token } = (await response.json()) as { readonly access_token?: string };
    if (token === undefined) throw new Error(`no token for ${account.name}: status ${response.status}`);
    return token;
  };
};
