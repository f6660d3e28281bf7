import { useEmulators } from '../support/emulators.ts';
import { staticLists } from './places.ts';
import { staticListsContract } from './static-lists.suite.ts';

staticListsContract(staticLists(useEmulators()));
