import type { Credentials } from './s3/signature.ts';

export const EMULATOR_REGION = 'us-east-1';

/** Known to everybody, worth nothing: the emulators listen on the loopback interface. DynamoDB Local wants letters and digits only. */
export const EMULATOR_CREDENTIALS: Credentials = { accessKeyId: 'mirrortide', secretAccessKey: 'mirrortideLocalSecret' };
