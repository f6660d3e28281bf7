import { httpApi } from '#lambda/http-api.ts';
import { errorReply } from '#wire/api/http-call.ts';
import { parseConfig } from './config.ts';

parseConfig(process.env);

export const handler = httpApi(async () => errorReply(404, 'not_found', 'There is nothing at this path.'));
