import { useEmulators } from '../support/emulators.ts';
import { hostTokensContract } from './host-tokens.suite.ts';
import { hostTokens } from './places.ts';

hostTokensContract(hostTokens(useEmulators()));
