/*
 * The protocol of seats and money, small enough that a machine searches all its states. docs/correctness.md explains it;
 * `npm run test:model` checks it.
 *
 * A process is a request or a task of one replica. An `atomic` block is one step: one statement of PostgreSQL, one script of
 * Redis, or one request that payments handles. Between two steps anything may happen: other processes take steps, time passes
 * (the process is frozen), or the process crashes. Each `say` is a line of a trace.
 *
 * -DSCENARIO=n chooses what runs (see `init`). -DNO_<SAFEGUARD> takes a safeguard away.
 */

#define SALE      1 /* two buyers reserve and pay the last seat */
#define LOSS      2 /* the same, and Redis loses its data once */
#define TWICE     3 /* one reservation is paid by two requests at a time */
#define MONEY     4 /* the same, with a release, charges that arrive late, and a restart of payments */
#define RESERVE   5 /* one reservation is confirmed or released while another one is made */

#define A         0 /* two reservations of one seat each */
#define B         1
#define NONE      2

/* Time in ticks. What matters holds for the real numbers too: COMMIT + DEADLINE <= MARGIN, and DEADLINE < MEMORY. */
#define TTL       2 /* RESERVATION_TTL */
#define CHARGE    1 /* until when a charge may take effect, from the moment at which the checkout opens */
#define CONFIRM   1 /* what is left after that to confirm */
#define TOLERANCE 1 /* by how much the clock of payments may be behind that of PostgreSQL */
#ifndef COMMIT
#define COMMIT    1 /* how long a COMMIT takes at most */
#endif
#ifndef DEADLINE
#define DEADLINE  1 /* how old the number of sold seats may be when a reservation uses it */
#endif
#ifndef MARGIN
#define MARGIN    2 /* by how much a hold outlives its checkout: as long as COMMIT and DEADLINE together */
#endif
#ifndef MEMORY
#define MEMORY    2 /* how long Redis remembers the sold seats */
#endif
#define LONGEST   4 /* no difference is made between longer times */

#if SCENARIO == TWICE || SCENARIO == MONEY
#define SEATS     2
#else
#define SEATS     1
#endif

#ifndef RECONCILERS /* replicas of events that run it; two where that is affordable */
#if SCENARIO != SALE && SCENARIO != TWICE
#define RECONCILERS 1
#else
#define RECONCILERS 2
#endif
#endif

mtype = { none, open, confirmed, voiding, voided };  /* checkouts.state; none: no row */
mtype = { pending, granted, soldOut, refused };      /* what became of a reservation */

/* ---- PostgreSQL ---- */
byte  sold;             /* events.sold */
byte  orders[2];        /* rows of `orders` with the reservation's id */
mtype checkout[2] = none;
byte  expiresIn[2];     /* ticks until checkouts.expires_at */
byte  chargeableIn[2];  /* ticks until checkouts.charge_before plus the tolerance: after that no charge takes effect */
bool  voidNow[2];       /* checkouts.void_at has come */
byte  committing = NONE; /* the reservation whose transaction has locked the event, checked everything and not committed yet */
byte  committingFor;    /* ticks since its check */

/* ---- Redis ---- */
byte  holdEndsIn[2];    /* ticks until the hold ends; 0: there is none */
bool  takenBack[2];     /* it is remembered that the reservation was taken back: longer than any request waits */
byte  soldMemory;       /* event:<id>:sold */
byte  soldMemoryEndsIn;

/* ---- payments ---- */
byte  standing[2];      /* charges that stand */
bool  knownVoided[2];   /* the process remembers that the key was voided */
byte  late[2];          /* requests to charge on which the gateway has given up, and which may still arrive */
byte  clockBehind;      /* ticks by which the clock of payments is behind */

/* ---- processes ---- */
mtype result[2] = pending; /* the answer of events to a reserve */
bool  measuring[3];     /* a process has read a clock */
byte  since[3];         /* ticks since then */
bool  failed[2];        /* the buyer was told that the reservation failed */
bool  acknowledged[2];  /* the buyer was told of the order */
bool  lost;             /* Redis has lost its data */
bool  crashed;          /* a reconciler has crashed: once at most, so that every run ends */

#define larger(a, b)   (((a) > (b)) -> (a) : (b))
#define less(a, b)     (((a) > (b)) -> ((a) - (b)) : 0)
#define seatHeld(r)    (holdEndsIn[r] > 0 && orders[r] == 0)
#define name(r)        (65 + (r))
#define second(r, p)   ((p) != (r) -> '2' : ' ') /* the second payment of one reservation */
#define say            printf

/* ---- The promises ---- */

inline checkSeats() {
    /* 1: never oversold, not even if Redis loses its data */
    assert(sold <= SEATS);
    /* 1: each seat is sold, held or free. What Redis has lost is no hold any more, and may be sold until its checkout expires */
    assert(lost || sold + seatHeld(A) + seatHeld(B) <= SEATS);
    /* 2: a reservation that failed leaves no hold */
    assert(!failed[A] || holdEndsIn[A] == 0);
    assert(!failed[B] || holdEndsIn[B] == 0)
}

inline checkMoney(r) {
    /* 3: at most one order and one charge */
    assert(orders[r] <= 1);
    assert(standing[r] <= 1)
}

inline checkEnd(r) {
    /* 2: nothing leaks: what is not sold is free */
    assert(holdEndsIn[r] == 0);
    assert(checkout[r] == none || checkout[r] == confirmed || checkout[r] == voided);
    /* 4: a charge stands if and only if its order does */
    assert(standing[r] == orders[r]);
    /* 5: an order that the buyer was told of stays */
    assert(!acknowledged[r] || orders[r] == 1)
}

/* ---- Steps in Redis: services/events/src/redis/ ---- */

inline endHold(r) { holdEndsIn[r] = 0 }

inline rememberSold(seats) {
#ifndef NO_SOLD_MEMORY
    if
    :: seats > soldMemory -> soldMemory = seats; soldMemoryEndsIn = MEMORY
    :: else
    fi
#else
    skip
#endif
}

/* complete.lua */
inline completeHold(r, seats) {
    endHold(r);
    rememberSold(seats);
    seats = 0;
    checkSeats()
}

/* ---- Reserve: routes/reserve.ts. p is the process that measures time ---- */

inline measureTime(p) { since[p] = 0; measuring[p] = true }
inline forgetTime(p)  { since[p] = 0; measuring[p] = false }

inline crashReserve(r) { say("%c reserve.crash\n", name(r)) }

/* The deadline is counted from before this. `settled`: holds whose seats are sold, which the second try looks for. */
inline readSold(r, p) {
    atomic {
        seats = sold;
        settledA = orders[A] > 0 && holdEndsIn[A] > 0;
        settledB = orders[B] > 0 && holdEndsIn[B] > 0;
        measureTime(p);
        say("%c reserve.read %d\n", name(r), sold)
    }
}

/* reserve.lua */
inline holdSeat(r, p, again) {
    atomic {
        if
#ifndef NO_RESERVE_DEADLINE
        :: since[p] > DEADLINE ->
            result[r] = refused;
            say("%c reserve.late\n", name(r))
#endif
#ifndef NO_TAKE_BACK
        :: takenBack[r] ->
            result[r] = refused;
            say("%c reserve.ended\n", name(r))
#endif
        :: else ->
            if
            :: again && settledA -> endHold(A); rememberSold(seats)
            :: else
            fi;
            if
            :: again && settledB -> endHold(B); rememberSold(seats)
            :: else
            fi;
            if
            :: larger(seats, soldMemory) + (holdEndsIn[A] > 0) + (holdEndsIn[B] > 0) < SEATS ->
                holdEndsIn[r] = TTL;
                result[r] = granted;
                say("%c reserve.held %d\n", name(r), TTL)
            :: else ->
                result[r] = soldOut;
                say("%c reserve.sold_out\n", name(r))
            fi
        fi;
        seats = 0; settledA = false; settledB = false;
        forgetTime(p);
        checkSeats()
    }
}

inline reserve(r, p) {
    if :: readSold(r, p) :: crashReserve(r) -> goto ended fi;
    if :: holdSeat(r, p, false) :: crashReserve(r) -> goto ended fi;
    if
    :: result[r] == soldOut && sold < SEATS + 1 -> /* before it says so, events looks which holds are sold already */
        if :: readSold(r, p) :: crashReserve(r) -> goto ended fi;
        if :: holdSeat(r, p, true) :: crashReserve(r) -> goto ended fi
    :: else
    fi
}

/* ---- Pay: gateway/src/routes/pay.ts, events/src/open-checkout.ts ---- */

inline crashPay(r, p) { say("%c%c pay.crash\n", name(r), second(r, p)) }

/* the clock of PostgreSQL, and whether there is the order already */
inline lookForOrder(r, p) {
    atomic {
        if
        :: orders[r] > 0 -> acknowledged[r] = true; say("%c%c pay.order\n", name(r), second(r, p)); goto ended
        :: else -> measureTime(p); say("%c%c pay.clock\n", name(r), second(r, p))
        fi
    }
}

/* prolong.lua */
inline prolongHold(r, p) {
    atomic {
        if
        :: holdEndsIn[r] == 0 -> say("%c%c pay.not_held\n", name(r), second(r, p)); goto ended
        :: else ->
            holdEndsIn[r] = larger(holdEndsIn[r], CHARGE + CONFIRM + MARGIN);
            lasts = holdEndsIn[r];
            say("%c%c pay.prolong %d\n", name(r), second(r, p), lasts)
        fi
    }
}

/* checkout-store.ts, `open`; the row is not changed while its transaction commits */
inline openCheckout(r, p) {
    atomic {
        committing != r ->
        if
        :: checkout[r] == none || checkout[r] == open ->
            checkout[r] = open;
#ifdef NO_HOLD_OUTLIVES_CHECKOUT
            expiresIn[r] = larger(expiresIn[r], lasts);
#else
            expiresIn[r] = larger(expiresIn[r], less(lasts, MARGIN + since[p]));
#endif
            chargeableIn[r] = larger(chargeableIn[r], less(CHARGE + TOLERANCE, since[p]));
            say("%c%c pay.open %d\n", name(r), second(r, p), expiresIn[r])
        :: else -> say("%c%c pay.closed\n", name(r), second(r, p)); goto ended
        fi;
        lasts = 0;
        forgetTime(p)
    }
}

/* payments/src/routes/charge.ts, by the clock of payments */
#if defined(NO_CHARGE_BEFORE) || defined(NO_INTENT_BEFORE_CHARGE)
#define inTime(r)   true
#else
#define inTime(r)   (chargeableIn[r] + clockBehind > TOLERANCE && chargeableIn[r] > 0)
#endif
#ifdef NO_VOIDED_KEY
#define mayCharge(r) inTime(r)
#else
#define mayCharge(r) (inTime(r) && !knownVoided[r])
#endif

inline takeCharge(r) {
#ifdef NO_IDEMPOTENT_CHARGE
    standing[r]++;
#else
    standing[r] = 1; /* the key is the reservation's id */
#endif
    checkMoney(r)
}

inline charge(r, p) {
    if
    :: atomic {
        if
        :: mayCharge(r) -> takeCharge(r); say("%c%c pay.charge\n", name(r), second(r, p))
        :: else -> say("%c%c pay.refused\n", name(r), second(r, p)); goto ended
        fi
    }
#if SCENARIO == MONEY
    :: atomic { late[r]++; say("%c%c pay.timeout\n", name(r), second(r, p)); goto ended }
#endif
    :: crashPay(r, p) -> goto ended
    fi
}

#ifdef NO_EXPIRY_CHECK
#define isExpired(r) false
#else
#define isExpired(r) (expiresIn[r] == 0)
#endif

/* confirm_order(): one transaction. This is its last check, with the event locked… */
inline checkConfirm(r, p) {
    atomic {
        committing == NONE ->
        if
#ifndef NO_ONE_ORDER
        :: orders[r] > 0 -> acknowledged[r] = true; say("%c%c pay.order\n", name(r), second(r, p)); goto ended
#endif
        :: orders[r] == 0 && checkout[r] != open -> say("%c%c pay.closed\n", name(r), second(r, p)); goto ended
        :: else ->
            if
            :: isExpired(r) ->
                checkout[r] = voiding; voidNow[r] = true;
                say("%c%c pay.expired\n", name(r), second(r, p)); goto ended
#ifndef NO_DATABASE_CHECK
            :: sold == SEATS && !isExpired(r) ->
                checkout[r] = voiding; voidNow[r] = true; expiresIn[r] = 0;
                say("%c%c pay.sold_out\n", name(r), second(r, p));
                /* 4: a buyer is charged and refunded because another one got the seat: only if Redis has lost its data */
                assert(lost);
                goto ended
#endif
            :: else -> committing = r; say("%c%c pay.check\n", name(r), second(r, p))
            fi
        fi
    }
}

/* …and its COMMIT */
inline commitConfirm(r, p) {
    atomic {
        sold++;
        orders[r]++;
#ifndef NO_ONE_ORDER
        checkout[r] = confirmed;
        expiresIn[r] = 0;
#endif
        committing = NONE;
        committingFor = 0;
        seats = sold;
        say("%c%c pay.commit %d\n", name(r), second(r, p), sold);
#ifndef ONLY_HARM
        /* 1: a hold outlives its checkout (-DONLY_HARM waits until another buyer has the seat) */
        assert(lost || holdEndsIn[r] > 0);
#endif
        checkSeats();
        checkMoney(r)
    }
}

inline rollBack(r, p) {
    atomic { committing = NONE; committingFor = 0; say("%c%c pay.crash\n", name(r), second(r, p)); goto ended }
}

inline confirm(r, p) {
    if :: checkConfirm(r, p) :: crashPay(r, p) -> goto ended fi;
    if :: commitConfirm(r, p) :: rollBack(r, p) fi;
    if
    :: atomic { completeHold(r, seats); acknowledged[r] = true; say("%c%c pay.complete\n", name(r), second(r, p)) }
    :: crashPay(r, p)
    fi
}

inline pay(r, p) {
    if :: lookForOrder(r, p) :: crashPay(r, p) -> goto ended fi;
    if :: prolongHold(r, p) :: crashPay(r, p) -> goto ended fi;
#ifdef NO_INTENT_BEFORE_CHARGE
    charge(r, p);
    if :: openCheckout(r, p) :: crashPay(r, p) -> goto ended fi;
#else
    if :: openCheckout(r, p) :: crashPay(r, p) -> goto ended fi;
    charge(r, p);
#endif
    confirm(r, p)
}

/* ---- Release: routes/reservations.ts ---- */

inline crashRelease(r) { say("%c release.crash\n", name(r)) }

inline abandon(r) {
    atomic {
        committing != r ->
        if
        :: checkout[r] == open -> checkout[r] = voiding; voidNow[r] = true; expiresIn[r] = 0
        :: checkout[r] == none -> checkout[r] = voided
        :: else
        fi;
        say("%c release.abandon\n", name(r))
    }
}

inline releaseHold(r) {
    atomic { endHold(r); say("%c release.free\n", name(r)) }
}

inline release(r) {
#ifdef NO_ABANDON_FIRST
    if :: releaseHold(r) :: crashRelease(r) -> goto ended fi;
    if :: abandon(r) :: crashRelease(r) -> goto ended fi
#else
    if :: abandon(r) :: crashRelease(r) -> goto ended fi;
    if
    :: orders[r] > 0 -> goto ended
    :: else ->
        if :: releaseHold(r) :: crashRelease(r) fi
    fi
#endif
}

/* ---- The reconciler: reconciler.ts. A replica that takes a step late finds it done, or does it again ---- */

inline crashOnce() {
    atomic { !crashed -> crashed = true; seats = 0; last = false; say("- reconciler.crash\n") }
}

/* the outbox says that this hold is sold */
inline endSoldHold(r) {
    atomic { orders[r] > 0 && holdEndsIn[r] > 0 -> seats = sold; say("%c reconciler.sold\n", name(r)) };
    if
    :: atomic { completeHold(r, seats); say("%c reconciler.complete\n", name(r)) }
    :: crashOnce()
    fi
}

inline giveUpOverdue(r) {
    atomic {
        checkout[r] == open && expiresIn[r] == 0 && committing != r ->
        checkout[r] = voiding;
        say("%c reconciler.give_up\n", name(r))
    };
    if
    :: atomic { endHold(r); say("%c reconciler.free\n", name(r)) }
    :: crashOnce()
    fi
}

#ifdef NO_LAST_VOID
#define isLast(r)   true
#else
#define isLast(r)   (chargeableIn[r] == 0)
#endif

inline voidCharge(r) {
    atomic {
        checkout[r] == voiding && (voidNow[r] || chargeableIn[r] == 0) ->
        last = isLast(r);
        say("%c reconciler.take\n", name(r))
    };
    if
    :: atomic { standing[r] = 0; knownVoided[r] = true; say("%c reconciler.void\n", name(r)) }
    :: crashOnce() -> goto again
    fi;
    if
    :: atomic {
        voidNow[r] = false;
        if
        :: last && checkout[r] == voiding -> checkout[r] = voided
        :: else
        fi;
        last = false;
        say("%c reconciler.voided\n", name(r))
    }
    :: crashOnce()
    fi
}

/* ---- Processes ---- */

proctype Buyer(byte id) {
    byte seats, lasts;
    bool settledA, settledB;

    reserve(id, id);
    if
    :: result[id] == granted -> pay(id, id)
    :: else
    fi;
ended:
    atomic { seats = 0; lasts = 0; forgetTime(id) }
}

proctype Payment(byte id, me) {
    byte seats, lasts;

    if :: me != id -> goto ended :: true fi; /* perhaps there is no second payment */
    pay(id, me);
ended:
    atomic { seats = 0; lasts = 0; forgetTime(me) }
}

proctype Confirmation(byte id) {
    byte seats;

    confirm(id, id);
ended:
    seats = 0
}

proctype Reservation(byte id) {
    byte seats;
    bool settledA, settledB;

    reserve(id, id);
ended:
    atomic { seats = 0; settledA = false; settledB = false; forgetTime(id) }
}

/* gateway/src/routes/events.ts, redis/take_back.lua. The real one tells the buyer first, and takes back within a second */
proctype ReserveAtGateway(byte r) {
    if
    :: result[r] != pending
    :: say("%c gateway.timeout\n", name(r));
#ifndef NO_TAKE_BACK
        atomic { endHold(r); takenBack[r] = true; say("%c gateway.take_back\n", name(r)) };
#endif
        atomic { failed[r] = true; say("%c gateway.failed\n", name(r)); checkSeats() }
    fi
}

proctype Release(byte id) {
    if :: goto ended :: true fi; /* perhaps it is not asked for */
    release(id);
ended:
    skip
}

proctype Reconciler() {
    byte seats;
    bool last;

again:
end:
    do
    :: endSoldHold(A)
    :: giveUpOverdue(A)
    :: voidCharge(A)
#if SEATS == 1
    :: endSoldHold(B)
    :: giveUpOverdue(B)
    :: voidCharge(B)
#endif
    od
}

/* what the gateway has given up on still reaches payments, or is lost */
proctype Network(byte r) {
end:
    do
    :: atomic {
        late[r] > 0 ->
        late[r]--;
        if
        :: mayCharge(r) -> takeCharge(r); say("%c payments.late_charge\n", name(r))
        :: else -> say("%c payments.late_refused\n", name(r))
        fi
    }
    :: atomic { late[r] > 0 -> late[r]--; say("%c payments.lost\n", name(r)) }
    od
}

proctype RestartPayments() {
    if
    :: true
    :: atomic { knownVoided[A] = false; knownVoided[B] = false; say("- payments.restart\n") }
    fi
}

proctype LoseRedis() {
    if
    :: true
    :: atomic {
        holdEndsIn[A] = 0; holdEndsIn[B] = 0;
        takenBack[A] = false; takenBack[B] = false;
        soldMemory = 0; soldMemoryEndsIn = 0;
        lost = true;
        say("- redis.lose\n")
    }
    fi
}

#define run1(t)  if :: t > 0 -> t-- :: else fi

#define measured(p)  (measuring[p] && since[p] < LONGEST)
#define age(p)   if :: measured(p) -> since[p]++ :: else fi

#define timeMatters ( \
    expiresIn[A] + expiresIn[B] + chargeableIn[A] + chargeableIn[B] + holdEndsIn[A] + holdEndsIn[B] + \
    soldMemoryEndsIn > 0 || measured(0) || measured(1) || measured(2))

/* Time passes at any moment, for all clocks alike. A COMMIT does not take longer than it may. */
proctype Clock() {
end:
    do
    :: atomic {
        timeMatters && (committing == NONE || committingFor < COMMIT) ->
        run1(expiresIn[A]); run1(expiresIn[B]);
        run1(chargeableIn[A]); run1(chargeableIn[B]);
        run1(holdEndsIn[A]); run1(holdEndsIn[B]);
        run1(soldMemoryEndsIn);
        if :: soldMemoryEndsIn == 0 -> soldMemory = 0 :: else fi;
        age(0); age(1); age(2);
        if :: committing != NONE -> committingFor++ :: else fi;
        say("- time\n")
    }
    od
}

init {
    atomic {
#if SCENARIO == SALE || SCENARIO == LOSS
        run Buyer(A);
        run Buyer(B);
#endif
#if SCENARIO == LOSS
        run LoseRedis();
#endif
#if SCENARIO == TWICE || SCENARIO == MONEY
        holdEndsIn[A] = TTL;
        run Payment(A, 0);
        run Payment(A, 1);
#endif
#if SCENARIO == MONEY
        if
        :: clockBehind = 0
        :: clockBehind = TOLERANCE
        fi;
        run Release(A);
        run Network(A);
        run RestartPayments();
#endif
#if SCENARIO == RESERVE
        /* A was reserved, its checkout opened and charged */
        holdEndsIn[A] = CHARGE + CONFIRM + MARGIN;
        checkout[A] = open;
        expiresIn[A] = CHARGE + CONFIRM;
        chargeableIn[A] = CHARGE + TOLERANCE;
        standing[A] = 1;
        run Confirmation(A);
        run Release(A);
        run Reservation(B);
        run ReserveAtGateway(B);
#endif
#if RECONCILERS == 2
        run Reconciler();
#endif
        run Reconciler();
        run Clock()
    };
    /* when no process can take a step any more */
    timeout;
    checkEnd(A);
    checkEnd(B);
    checkSeats()
}
