/** One line of an HTTP API's access log. No query, no header, no body: tokens never reach a log. */
export const ACCESS_LOG = JSON.stringify({
  time: '$context.requestTimeEpoch',
  id: '$context.requestId',
  ip: '$context.identity.sourceIp',
  certificate: '$context.identity.clientCert.subjectDN',
  method: '$context.httpMethod',
  path: '$context.path',
  status: '$context.status',
  ms: '$context.responseLatency',
  integrationError: '$context.integrationErrorMessage',
});
