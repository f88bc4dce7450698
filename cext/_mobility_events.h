/* What happens to a user between two reports, in order of time.
 *
 * Filtered levels and the SINR in decibels are taken as straight lines between the reports, so that
 * the moment a neighbour rises above the threshold (event A3), the end of the time to trigger and
 * the moment the link is lost are solved for, not sampled. Handover failures are those of TR 36.839
 * 5.2: the link is lost while a handover is being prepared, it is out of sync when the command is
 * sent, or the target is below Qout when the handover ends.
 */
static const double sw_db = 3.01029995663981; /* 10 log10(2) */

typedef struct {
    const sw_walk *w;
    ptrdiff_t user;
    double now, end;
    double at_start, at_end;      /* SINR of the cell that serves [dB] */
} sw_life;

static inline double sw_sinr(const sw_walk *w, ptrdiff_t user, int32_t cell, int is_end)
{
    ptrdiff_t padded = (w->n_users + SW_GROUP - 1) / SW_GROUP * SW_GROUP;
    const float *sums = is_end ? w->new_others : w->others;
    const float *load = is_end ? w->load : w->old_load;
    int32_t best = (is_end ? w->new_strongest : w->strongest)[user];
    double level = (is_end ? w->new_level : w->level)[sw_at(w->n_cells, user, cell)];
    double rest = sums[user];
    if (cell != best) { /* never the total less the strongest: that loses the digits */
        rest -= load[cell] * exp2(level);
        rest = (rest > 0.0 ? rest : 0.0) + (double)load[best] * sums[padded + user];
    }
    return sw_db * (level - log2(rest + w->noise));
}

static inline void sw_look(sw_life *t)
{
    int32_t cell = t->w->serving[t->user];
    t->at_start = sw_sinr(t->w, t->user, cell, 0);
    t->at_end = sw_sinr(t->w, t->user, cell, 1);
}

static inline double sw_between(const sw_life *t, double from, double to, double time)
{
    return from + (to - from) * (time - t->w->start_s) / t->w->step_s;
}

/* When a line from `from` (at the start of the step) to `to` has the value `at`. */
static inline double sw_crossing(const sw_life *t, double from, double to, double at)
{
    double time = t->w->start_s + t->w->step_s * (at - from) / (to - from);
    return time < t->now ? t->now : time > t->end ? t->end : time;
}

/* Run T310 up to `until`; return when it expires, or infinity. */
static inline double sw_watch(sw_life *t, double until)
{
    const sw_rules *r = &t->w->rules;
    double *out = t->w->out_since + t->user;
    double now = sw_between(t, t->at_start, t->at_end, t->now);
    double then = sw_between(t, t->at_start, t->at_end, until);
    if (*out >= 0.0 && now > r->q_in_db)
        *out = -1.0;
    if (*out < 0.0) {
        if (now < r->q_out_db)
            *out = t->now;
        else if (then < r->q_out_db)
            *out = sw_crossing(t, t->at_start, t->at_end, r->q_out_db);
    }
    if (*out < 0.0)
        return INFINITY;
    double back = INFINITY, expires = *out + r->t310_s;
    if (now <= r->q_in_db && then > r->q_in_db)
        back = sw_crossing(t, t->at_start, t->at_end, r->q_in_db);
    if (back <= until && back <= expires) {
        *out = -1.0;
        return INFINITY;
    }
    return expires <= until ? expires : INFINITY;
}

static inline void sw_lose(sw_life *t, double when)
{
    const sw_walk *w = t->w;
    w->phase[t->user] = SW_LOST;
    w->until[t->user] = when + w->rules.reconnect_s;
    w->out_since[t->user] = -1.0;
    w->before[t->user] = -1;
    t->now = when;
}

static inline void sw_join(sw_life *t, int32_t cell, double when)
{
    const sw_walk *w = t->w;
    w->serving[t->user] = cell;
    w->phase[t->user] = SW_CONNECTED;
    w->out_since[t->user] = -1.0;
    w->joined[t->user] = when;
    t->now = when;
    sw_look(t);
}

/* First handover that A3 asks for from now on; infinity if none does before the end. */
static inline double sw_trigger(sw_life *t, int32_t *target)
{
    const sw_walk *w = t->w;
    const double h = w->rules.threshold_db;
    int32_t own = w->serving[t->user];
    double own_0 = w->smooth[sw_at(w->n_cells, t->user, own)];
    double own_1 = w->new_smooth[sw_at(w->n_cells, t->user, own)];
    double first = INFINITY, highest = -INFINITY;
    int is_new = w->joined[t->user] == t->now;
    for (int32_t j = 0; j < w->n_cells; j++) {
        if (j == own)
            continue;
        ptrdiff_t k = sw_at(w->n_cells, t->user, j);
        double from = sw_db * (w->smooth[k] - own_0), to = sw_db * (w->new_smooth[k] - own_1);
        if (from <= h && to <= h)
            continue;
        double *since = w->since + t->user * w->n_cells + j, ends = t->end;
        double now = sw_between(t, from, to, t->now);
        if (now > h) {
            if (is_new || t->now > w->start_s)
                *since = t->now;
            if (to <= h)
                ends = sw_crossing(t, from, to, h);
        } else if (to > h) {
            *since = sw_crossing(t, from, to, h);
        } else {
            continue;
        }
        double fires = *since + w->rules.trigger_s;
        fires = fires > t->now ? fires : t->now;
        if (fires <= ends && (fires < first || (fires == first && to > highest))) {
            first = fires;
            highest = to;
            *target = j;
        }
    }
    return first;
}

static inline void sw_connected(sw_life *t)
{
    const sw_walk *w = t->w;
    int32_t target = -1;
    double fires = sw_trigger(t, &target);
    double until = fires < t->end ? fires : t->end;
    double lost = sw_watch(t, until);
    if (lost <= until) {
        w->counts[t->user * SW_COUNTS + SW_LINK_LOSSES]++;
        sw_lose(t, lost);
        return;
    }
    t->now = until;
    if (fires <= t->end) {
        w->counts[t->user * SW_COUNTS + SW_REPORTS]++;
        w->phase[t->user] = SW_PREPARING;
        w->target[t->user] = target;
        w->until[t->user] = fires + w->rules.prepare_s;
    }
}

static inline void sw_preparing(sw_life *t)
{
    const sw_walk *w = t->w;
    double command = w->until[t->user], until = command < t->end ? command : t->end;
    double lost = sw_watch(t, until);
    if (lost > until && command > t->end) {
        t->now = t->end;
        return;
    }
    if (lost > until && w->out_since[t->user] < 0.0) {
        w->phase[t->user] = SW_EXECUTING;
        w->until[t->user] = command + w->rules.execute_s;
        t->now = command;
        return;
    }
    w->counts[t->user * SW_COUNTS + SW_FAILURES]++;
    sw_lose(t, lost <= until ? lost : command);
}

static inline void sw_executing(sw_life *t)
{
    const sw_walk *w = t->w;
    ptrdiff_t u = t->user;
    int32_t target = w->target[u], old = w->serving[u];
    int32_t *counts = w->counts + u * SW_COUNTS;
    double done = w->until[u], stayed = done - w->joined[u];
    if (sw_between(t, sw_sinr(w, u, target, 0), sw_sinr(w, u, target, 1), done)
        < w->rules.q_out_db) {
        counts[SW_FAILURES]++;
        sw_lose(t, done);
        return;
    }
    counts[SW_HANDOVERS]++;
    if (target == w->before[u]) {
        counts[SW_RETURNS] += stayed < w->rules.stay_s;
        counts[SW_SOON] += stayed < w->rules.soon_s;
    }
    w->before[u] = old;
    sw_join(t, target, done);
}

static inline void sw_reconnect(sw_life *t)
{
    const sw_walk *w = t->w;
    double when = w->until[t->user], highest = -INFINITY;
    int32_t best = 0;
    for (int32_t j = 0; j < w->n_cells; j++) {
        ptrdiff_t k = sw_at(w->n_cells, t->user, j);
        double level = sw_between(t, w->smooth[k], w->new_smooth[k], when);
        if (level > highest) {
            highest = level;
            best = j;
        }
    }
    sw_join(t, best, when);
}

static inline void sw_live(const sw_walk *w, ptrdiff_t user)
{
    sw_life t = {w, user, w->start_s, w->start_s + w->step_s, 0.0, 0.0};
    sw_look(&t);
    /* each turn ends at a later event or at the end; an A3 that holds all the time takes a turn at
       least every prepare_s + execute_s */
    for (;;) {
        double begin = t.now;
        int phase = w->phase[user], is_without = phase == SW_EXECUTING || phase == SW_LOST;
        if (is_without && w->until[user] > t.end) {
            w->outage[user] += t.end - begin;
            break;
        }
        switch (phase) {
        case SW_CONNECTED: sw_connected(&t); break;
        case SW_PREPARING: sw_preparing(&t); break;
        case SW_EXECUTING: sw_executing(&t); break;
        default: sw_reconnect(&t); break;
        }
        if (is_without)
            w->outage[user] += t.now - begin;
        if (t.now >= t.end && w->phase[user] != phase)
            continue;
        if (t.now >= t.end)
            break;
    }
    w->sinr[user] = (float)sw_sinr(w, user, w->serving[user], 1);
    int32_t own = w->serving[user];
    double level = w->new_smooth[sw_at(w->n_cells, user, own)];
    int is_near = 0;
    for (int32_t j = 0; j < w->n_cells && !is_near; j++)
        is_near = sw_db * (w->new_smooth[sw_at(w->n_cells, user, j)] - level)
                  > w->rules.threshold_db;
    w->near[user] = (uint8_t)is_near;
}

/* A user lives through the step only if something can happen to it; most just go on. */
static inline void sw_events(const sw_walk *w, ptrdiff_t block)
{
    ptrdiff_t start = block * SW_GROUP, stop = start + SW_GROUP;
    stop = stop < w->n_users ? stop : w->n_users;
    if (w->step_s <= 0.0)
        return;
    for (ptrdiff_t u = start; u < stop; u++) {
        double sinr = sw_sinr(w, u, w->serving[u], 1);
        int is_calm = !(w->near[u] & 3) && w->phase[u] == SW_CONNECTED
                      && w->out_since[u] < 0.0 && sinr > w->rules.q_out_db;
        if (is_calm) {
            w->sinr[u] = (float)sinr;
            continue;
        }
        sw_live(w, u);
    }
}
