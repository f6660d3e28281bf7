import { useEmulators } from '../support/emulators.ts';
import { proxiedCopies, proxiedCopiesContract } from './proxied-copies.suite.ts';

proxiedCopiesContract(proxiedCopies(useEmulators()));
