/*
 * The update lock as a Promela model: clients that follow the agent's order, handlers that read the lock and then try one
 * conditional write, a network that loses requests and replies, hosts that crash and resume, offers that lapse, an operator.
 * Every condition below is the one of shared/adapters/aws/dynamo-lock-store.ts; test/models/lock-model.test.ts compares the names
 * and the states with the transition table of the code, and runs the small configurations. Larger ones: docs/models/README.md.
 *
 * What a handler does is split where another one can come between: it reads (one step), writes on condition (one step), answers
 * (one step). A client that stops waiting leaves its handler running, so the same request can take effect late and twice.
 *
 * transition       grant before         grant after  other grant  gives a fence
 * grant            none                 offered      -            yes
 * evict-and-grant  none                 offered      ends-lapsed  yes
 * extend-offer     offered              same         -            no
 * confirm          offered              held         -            no
 * restamp          held failed          same         -            no
 * release          offered held failed  none         -            no
 * hand-off         offered held failed  none         offers-next  yes
 * fail             held                 failed       -            no
 * force-release    offered held failed  none         -            no
 *
 * Sizes:    HOSTS 1 to 3, SLOTS, ROUNDS (grants that a host is after), POLLS (questions per round), FAULTS (over the whole run), IN_FLIGHT requests
 * Options:  FAILURES updates may fail; BUDGET of failures; OPERATOR force-releases what he saw;
 *           LEGACY clients without confirmation and without fences: a grant counts from the arrival of the request that it was made
 *           for, or of the last one that was told of it, and a release that arrived before that frees nothing
 * Mutants:  NO_CAS, NO_CONFIRM, RELEASE_BY_NAME, NO_BUDGET, EVICT_UNSEEN; of LEGACY: NO_ARRIVAL releases free whatever the host
 *           has, NO_RESTAMP a re-entrant answer leaves the date as it was
 *
 * With one host nobody can be inside beside it; then whoever is inside must hold, which two hosts inside would need to break. That
 * makes the host's own late requests, which all of LEGACY is about, a search small enough for many faults.
 */
#ifndef HOSTS
#define HOSTS 2
#endif
#ifndef SLOTS
#define SLOTS 1
#endif
#ifndef ROUNDS
#define ROUNDS 1
#endif
#ifndef POLLS
#define POLLS 2
#endif
#ifndef FAULTS
#define FAULTS 2
#endif
#ifndef BUDGET
#define BUDGET 1
#endif
#ifndef IN_FLIGHT
#define IN_FLIGHT 3
#endif
#define NOBODY HOSTS

#if HOSTS == 3
#define COUNT(what, is) ((what[0] is) + (what[1] is) + (what[2] is))
#elif HOSTS == 2
#define COUNT(what, is) ((what[0] is) + (what[1] is))
#else
#define COUNT(what, is) (what[0] is)
#endif
#if HOSTS == 1 && !defined(OPERATOR)
#define ASSERT_ALONE(is) assert(is)
#else
#define ASSERT_ALONE(is) skip
#endif
#define TAKEN COUNT(slot, != FREE)
#define BROKEN COUNT(slot, == FAILED)

mtype = { FREE, OFFERED, HELD, FAILED };
mtype = { ACQUIRE, CONFIRM, RELEASE, FAIL };
mtype = { NOTHING, W_GRANT, W_EVICT_AND_GRANT, W_CONFIRM, W_RELEASE, W_HAND_OFF, W_FAIL, W_EXTEND_OFFER, W_RESTAMP };
mtype = { A_OFFERED, A_HELD, A_QUEUED, A_LOST, A_DONE, A_NOTHING };
mtype = { IDLE, CLAIMING, WORKING, FAILING, RELEASING, BROKEN_HOST };

/* The lock's one item. A slot belongs to a host: `slot[h]` is FREE when the host has none. */
mtype slot[HOSTS] = FREE;
byte fenceOf[HOSTS];
bit lapsed[HOSTS];            /* the deadline of its offer is over */
byte stamp[HOSTS];            /* legacy: from when the grant counts, in calls of this host */
byte fence, failures;

/* Between clients and handlers: the number of the call whose answer is awaited, and the answer. */
byte calls[HOSTS], awaited[HOSTS];
mtype answerTo[HOSTS] = A_NOTHING;
byte answerFence[HOSTS];
bit waiting[HOSTS];           /* the queue, which is a hint and no more */

byte faults, handlers, finished;
byte inside;                  /* hosts between the confirmation's answer and the sending of the release */
byte highest;                 /* highest fence ever given */

#ifdef NO_CAS
#define IF_LAST_FENCE_IS(f) true
#define IF_ROOM(h) true
#else
#define IF_LAST_FENCE_IS(f) (fence == f)
#define IF_ROOM(h) (slot[h] == FREE && TAKEN < SLOTS)
#endif
#ifdef NO_BUDGET
#define IF_NOT_HALTED true
#else
#define IF_NOT_HALTED (failures < BUDGET)
#endif
#if defined(LEGACY) && !defined(NO_ARRIVAL)
#define IF_NAMED(h, f, c) (slot[h] != FREE && stamp[h] <= c)
#elif defined(LEGACY) || defined(RELEASE_BY_NAME)
#define IF_NAMED(h, f, c) (slot[h] != FREE)
#else
#define IF_NAMED(h, f, c) (slot[h] != FREE && fenceOf[h] == f)
#endif
/* A release without a fence names, in its condition, the fence that its handler has read. */
#ifdef RELEASE_BY_NAME
#define IF_SAME(h, f) true
#else
#define IF_SAME(h, f) (fenceOf[h] == f)
#endif
#ifdef EVICT_UNSEEN
#define IF_STILL_LAPSED(h, f) (slot[h] != FREE)
#else
#define IF_STILL_LAPSED(h, f) (fenceOf[h] == f && lapsed[h])
#endif
#if defined(NO_CONFIRM) || defined(LEGACY)
#define FIRST HELD
#define FIRST_ANSWER A_HELD
#else
#define FIRST OFFERED
#define FIRST_ANSWER A_OFFERED
#endif
#ifdef NO_CONFIRM
#define NEXT HELD
#else
#define NEXT OFFERED
#endif
#ifdef LEGACY
#define ARRIVAL_OF(c) c
#else
#define ARRIVAL_OF(c) 0
#endif

inline put(h, f, state) {
  slot[h] = state; fenceOf[h] = f; lapsed[h] = 0; waiting[h] = 0;
  fence = f;
  assert(f > highest);                  /* a fence is never given twice */
  assert(BROKEN < BUDGET);              /* nothing is granted after the budget is used up */
  highest = f;
  assert(TAKEN <= SLOTS)
}

inline take_away(h) { ASSERT_ALONE(inside == 0); if :: slot[h] == FAILED -> failures-- :: else fi; slot[h] = FREE; fenceOf[h] = 0; lapsed[h] = 0; stamp[h] = 0 }

/* A client without confirmation is answered only `held`, so its question confirms the offer. Any other one is given new time. */
#ifdef LEGACY
#define OWN_GRANT \
       if \
       :: slot[host] == OFFERED -> named = given; write = W_CONFIRM \
       :: slot[host] != OFFERED && IF_RESTAMPED && stamp[host] < call -> write = W_RESTAMP \
       :: else \
       fi
#else
#define OWN_GRANT \
       if \
       :: slot[host] == OFFERED && lapsed[host] -> write = W_EXTEND_OFFER \
       :: else \
       fi
#endif
#ifdef NO_RESTAMP
#define IF_RESTAMPED false
#else
#define IF_RESTAMPED true
#endif

/* What a handler reads decides what it will try: `write`, with all that the condition compares. */
inline read_lock() {
  last = fence; other = NOBODY; otherFence = 0; write = NOTHING; answer = A_DONE; given = 0;
  if
  :: op == ACQUIRE && slot[host] != FREE ->
       given = fenceOf[host]; answer = (slot[host] == OFFERED -> A_OFFERED : A_HELD);
       OWN_GRANT
  :: op == ACQUIRE && slot[host] == FREE && !(IF_NOT_HALTED) -> answer = A_QUEUED
  :: op == ACQUIRE && slot[host] == FREE && IF_NOT_HALTED && TAKEN < SLOTS -> write = W_GRANT
  :: op == ACQUIRE && slot[host] == FREE && IF_NOT_HALTED && TAKEN >= SLOTS ->
       if
       :: slot[0] == OFFERED && lapsed[0] -> other = 0
#if HOSTS > 1
       :: slot[1] == OFFERED && lapsed[1] -> other = 1
#endif
#if HOSTS == 3
       :: slot[2] == OFFERED && lapsed[2] -> other = 2
#endif
       :: else -> waiting[host] = 1; answer = A_QUEUED
       fi;
       if :: other != NOBODY -> otherFence = fenceOf[other]; write = W_EVICT_AND_GRANT :: else fi
  :: op == CONFIRM && fenceOf[host] == named && slot[host] == OFFERED -> write = W_CONFIRM
  :: op == CONFIRM && fenceOf[host] == named && slot[host] != OFFERED -> answer = A_HELD; given = named
  :: op == CONFIRM && fenceOf[host] != named -> answer = A_LOST
  :: op == FAIL && fenceOf[host] == named && slot[host] == HELD -> write = W_FAIL
  :: op == FAIL && fenceOf[host] == named && slot[host] != HELD -> skip
  :: op == FAIL && fenceOf[host] != named -> answer = A_LOST
  :: op == RELEASE && IF_NAMED(host, named, call) ->
       write = W_RELEASE; otherFence = fenceOf[host];
       if
       :: !plain && waiting[0] && slot[0] == FREE && host != 0 -> other = 0
#if HOSTS > 1
       :: !plain && waiting[1] && slot[1] == FREE && host != 1 -> other = 1
#endif
#if HOSTS == 3
       :: !plain && waiting[2] && slot[2] == FREE && host != 2 -> other = 2
#endif
       :: else -> skip
       fi;
       if :: other != NOBODY && IF_NOT_HALTED -> write = W_HAND_OFF :: else fi
  :: op == RELEASE && !(IF_NAMED(host, named, call)) -> skip
  fi
}

/* One conditional write. When its condition is false the handler reads again: somebody else changed the lock. */
inline write_lock() {
  if
  :: write == W_GRANT && IF_LAST_FENCE_IS(last) && IF_NOT_HALTED && IF_ROOM(host) ->
       put(host, last + 1, FIRST); stamp[host] = ARRIVAL_OF(call); given = last + 1; answer = FIRST_ANSWER
  :: write == W_EVICT_AND_GRANT && IF_LAST_FENCE_IS(last) && IF_NOT_HALTED && slot[host] == FREE && IF_STILL_LAPSED(other, otherFence) ->
       take_away(other); put(host, last + 1, FIRST); stamp[host] = ARRIVAL_OF(call); given = last + 1; answer = FIRST_ANSWER
  :: write == W_CONFIRM && slot[host] == OFFERED && fenceOf[host] == named ->
       slot[host] = HELD; lapsed[host] = 0; stamp[host] = ARRIVAL_OF(call); given = named; answer = A_HELD
  :: write == W_RELEASE && IF_NAMED(host, named, call) && IF_SAME(host, otherFence) -> take_away(host)
  :: write == W_HAND_OFF && IF_NAMED(host, named, call) && IF_SAME(host, otherFence) && IF_LAST_FENCE_IS(last) && IF_NOT_HALTED && slot[other] == FREE ->
       take_away(host); put(other, last + 1, NEXT); stamp[other] = ARRIVAL_OF(calls[other])
  :: write == W_FAIL && slot[host] == HELD && fenceOf[host] == named ->
       slot[host] = FAILED; lapsed[host] = 0; failures++
  :: write == W_EXTEND_OFFER && slot[host] == OFFERED && fenceOf[host] == given -> lapsed[host] = 0
  :: write == W_RESTAMP && (slot[host] == HELD || slot[host] == FAILED) && fenceOf[host] == given && stamp[host] < call -> stamp[host] = call
  :: else -> plain = (write == W_HAND_OFF -> 1 : plain); goto read
  fi
}

proctype Handler(byte host; mtype op; byte named; byte call) {
  byte last, other, otherFence, given;   /* otherFence: of the other grant, or of one's own as it was read */
  bit plain;
  mtype write, answer;
read:
  atomic { read_lock() };
  if
  :: write != NOTHING -> atomic { write_lock() }
  :: else
  fi;
  d_step {
    if :: awaited[host] == call -> answerTo[host] = answer; answerFence[host] = given; awaited[host] = 0 :: else fi;
    handlers--;
    /* Equal ends are one state. */
    last = 0; other = 0; otherFence = 0; given = 0; plain = 0; write = NOTHING; answer = A_NOTHING; op = ACQUIRE; named = 0; call = 0
  }
}

/* A request is answered; or its answer is given up, and the handler goes on; or it never arrives. */
inline ask(what, about) {
  if
  :: atomic { handlers < IN_FLIGHT -> calls[me]++; awaited[me] = calls[me]; handlers++; run Handler(me, what, about, calls[me]) };
     if
     :: d_step { awaited[me] == 0 -> got = answerTo[me]; gotFence = answerFence[me]; answerTo[me] = A_NOTHING; answerFence[me] = 0 }
     :: d_step { awaited[me] != 0 && faults < FAULTS -> faults++; awaited[me] = 255; got = A_NOTHING; gotFence = 0 }
     fi
  :: d_step { faults < FAULTS -> faults++; got = A_NOTHING; gotFence = 0 }
  fi
}

/* `step` and `mine` are the state file: what is left after a crash. */
proctype Client(byte me) {
  mtype step = IDLE, got = A_NOTHING;
  byte mine, gotFence, rounds, polls;
resume:
  do
  :: step == IDLE && rounds == ROUNDS -> break
  :: step == IDLE && rounds < ROUNDS && polls < POLLS -> polls++; ask(ACQUIRE, 0);
       d_step {
         if
         :: got == A_OFFERED -> mine = gotFence; step = CLAIMING
         :: got == A_HELD -> mine = gotFence; step = WORKING
         :: else
         fi; got = A_NOTHING; gotFence = 0 }
  :: d_step { step == IDLE && rounds < ROUNDS && polls > 0 -> rounds++; polls = 0 }
  :: step == CLAIMING -> ask(CONFIRM, mine);
       d_step {
         if
         :: got == A_HELD -> step = WORKING
         :: got == A_LOST -> step = IDLE; mine = 0
         :: else
         fi; got = A_NOTHING; gotFence = 0 }
  :: step == WORKING ->
       atomic {
         inside++;
         ASSERT_ALONE(slot[me] != FREE);
#ifndef OPERATOR
         assert(inside <= SLOTS)
#endif
       };
       if
       :: d_step { inside--; step = RELEASING }
       :: atomic { faults < FAULTS -> faults++; inside--; goto resume }   /* power loss, reboot */
#ifdef FAILURES
       :: d_step { inside--; step = FAILING }
#endif
       fi
  :: step == FAILING -> ask(FAIL, mine);
       d_step { if :: got == A_DONE || got == A_LOST -> step = BROKEN_HOST :: else fi; got = A_NOTHING; gotFence = 0 }
  :: step == BROKEN_HOST -> break
  :: step == RELEASING -> ask(RELEASE, mine);
       d_step { if :: got == A_DONE -> step = IDLE; mine = 0; polls = 0; rounds++ :: else fi; got = A_NOTHING; gotFence = 0 }
  od;
  finished++
}

#ifdef OPERATOR
/* He reads, thinks, and names what he saw: host, fence and state. */
proctype Operator() {
  byte victim, seenFence;
  mtype seen;
  if
  :: atomic { slot[0] != FREE -> victim = 0 }
#if HOSTS > 1
  :: atomic { slot[1] != FREE -> victim = 1 }
#endif
  :: finished == HOSTS -> goto end
  fi;
  atomic { seenFence = fenceOf[victim]; seen = slot[victim] };
  d_step { if :: seen != FREE && slot[victim] == seen && fenceOf[victim] == seenFence -> take_away(victim) :: else fi };
end: skip
}
#endif

proctype World() {
  byte host;
end:
  do
  :: d_step { faults < FAULTS && slot[0] == OFFERED && !lapsed[0] -> lapsed[0] = 1; faults++ }
#if HOSTS > 1
  :: d_step { faults < FAULTS && slot[1] == OFFERED && !lapsed[1] -> lapsed[1] = 1; faults++ }
#endif
  :: atomic {
       finished == HOSTS && handlers == 0 ->
#if !defined(LEGACY) && !defined(OPERATOR)
       assert(COUNT(slot, == HELD) == 0);   /* whoever stops, wherever, leaves nothing behind that he did not confirm */
#endif
       assert(BROKEN == failures);
       break
     }
  od
}

init {
  atomic {
    run World();
#ifdef OPERATOR
    run Operator();
#endif
    run Client(0)
#if HOSTS > 1
    ; run Client(1)
#endif
#if HOSTS == 3
    ; run Client(2)
#endif
  }
}
