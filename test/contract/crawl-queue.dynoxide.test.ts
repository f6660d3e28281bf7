import { useEmulators } from '../support/emulators.ts';
import { crawlQueueContract } from './crawl-queue.suite.ts';
import { crawlQueues } from './places.ts';

crawlQueueContract(crawlQueues(useEmulators()));
