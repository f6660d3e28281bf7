/**
 * Requests for a publication within this time are one. The queue delays each message by as much; a deployment that changes the one without
 * the other loses publications until the schedule makes up for them.
 */
export const PUBLISH_SLOT_MS = 5_000;
