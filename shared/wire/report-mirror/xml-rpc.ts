/**
 * As much of XML-RPC as report_mirror speaks: one method with one text. Read by one expression over the whole document instead of a
 * parser: no entities, no references, no attributes, no comments, and linear time, since every repetition ends at a mark that it cannot pass.
 */
const CALL =
  /^(?:<\?xml[^<>]*\?>\s*)?<methodCall>\s*<methodName>([\w.:/]{1,100})<\/methodName>\s*<params>\s*<param>\s*<value>(?:\s*<(string|base64)>([^<&]*)<\/\2>\s*|([^<&]*))<\/value>\s*<\/param>\s*<\/params>\s*<\/methodCall>$/;

export interface XmlRpcCall {
  readonly method: string;
  readonly text: string;
}

/** Undefined for whatever is not a call with one text. */
export const parseXmlRpcCall = (document: string): XmlRpcCall | undefined => {
  const [, method, , tagged, plain] = CALL.exec(document.trim()) ?? [];
  const text = tagged ?? plain;
  return method === undefined || text === undefined ? undefined : { method, text };
};

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

// Control characters are no XML, whoever wrote them.
const printable = (text: string): string => escaped(text.replaceAll(/[^\n\t\x20-\uffff]|[\ufffe\uffff\ud800-\udfff]/g, '?'));

export const printXmlRpcReply = (text: string): string =>
  `<?xml version='1.0'?>\n<methodResponse>\n<params>\n<param>\n<value><string>${printable(text)}</string></value>\n</param>\n</params>\n</methodResponse>\n`;

/** Codes as in the common proposal for XML-RPC faults. */
export const printXmlRpcFault = (code: number, text: string): string =>
  `<?xml version='1.0'?>\n<methodResponse>\n<fault>\n<value><struct>\n<member>\n<name>faultCode</name>\n<value><int>${code}</int></value>\n</member>\n<member>\n<name>faultString</name>\n<value><string>${printable(text)}</string></value>\n</member>\n</struct></value>\n</fault>\n</methodResponse>\n`;
