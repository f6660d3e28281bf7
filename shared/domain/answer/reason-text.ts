/** Every reason for leaving a host out, as one plain sentence for people who run or use mirrors. */
import type { ExclusionReason } from '../selection/selection.ts';
import type { CarrierState } from '../snapshot/document.ts';

const STATE_TEXT: Readonly<Record<CarrierState, string>> = {
  serving: 'serves the category, but nothing is known of it here',
  'switched-off-by-owner': 'switched off by its owner',
  'switched-off-by-admin': 'switched off by the network',
  pending: 'waits for a proof that its owner controls it',
  drained: 'out of service while it synchronises',
  down: 'does not answer',
  'never-verified': 'was never verified',
  'facts-too-old': 'was not checked for too long',
  'differs-everywhere': 'holds nothing that equals the master',
};

const STANDING_TEXT = {
  stale: 'serves metadata that is not, or not yet, accepted',
  absent: 'does not have it',
  unproven: 'nobody proved what it holds since the master changed',
} as const;

export const reasonText = (reason: ExclusionReason): string => {
  switch (reason.kind) {
    case 'carrier':
      return STATE_TEXT[reason.state];
    case 'standing':
      return STANDING_TEXT[reason.standing];
    case 'only-alternate':
      return 'holds an earlier state, and this list has current hosts';
    case 'client-embargoed':
      return `the network serves no mirror to clients in ${reason.country}`;
    case 'no-such-protocol':
      return `has no working URL for ${reason.protocols.join(', ') || 'any of the asked protocols'}`;
    case 'country-not-allowed':
      return `serves only clients in ${reason.allowed.join(', ')}`;
    case 'private':
      return 'private: serves only its own netblocks and networks';
    case 'not-in-asked-countries':
      return 'is not in a country that was asked for';
    case 'enough-nearer':
      return `far away, and at least ${reason.minimum} nearer hosts were found`;
    case 'list-full':
      return `the list holds at most ${reason.maximum} hosts`;
    case 'host-already-listed':
      return 'the host is in the list already';
  }
};
