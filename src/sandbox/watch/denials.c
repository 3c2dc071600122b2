/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/watch/denials.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "policy/value/names.h"

enum { PLACES = 2 * DENIALS_MAX }; /* of the hash table */

struct Denials {
        Denial items[DENIALS_MAX];
        uint16_t places[PLACES]; /* in items, from 1; 0: free */
        char text[DENIALS_TEXT_MAX];
        size_t n, n_missing, text_used;
        uint64_t lost;
        DenialDeaths deaths;
};

Denials *denials_new(void) {
        Denials *d = mmap(NULL, sizeof(*d), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

        return d == MAP_FAILED ? NULL : d;
}

Denials *denials_free(Denials *d) {
        if (d)
                munmap(d, sizeof(*d));
        return NULL;
}

/* FNV-1a. A payload that finds paths with equal hashes slows only itself down. */
static uint32_t add_hash(uint32_t hash, const void *bytes, size_t n) {
        for (const unsigned char *b = bytes; n > 0; n--)
                hash = (hash ^ *b++) * UINT32_C(16777619);
        return hash;
}

/* The families that no kernel has are one. */
static uint32_t family(const Denial *x) {
        return x->number != SYS_socket ? 0 : x->arguments[0] < AF_MAX ? (uint32_t) x->arguments[0] : AF_MAX;
}

/* Calls that the filter denies are the same if their number and errno are; for sockets, the family counts, too. To all
 * calls that use what is there, a file is missing in the same way. */
static uint64_t distinction(const Denial *x) {
        if (!x->by_filter && (x->use == USE_CAPABILITY || x->use == USE_LIMIT))
                return (uint64_t) x->number << 32 | x->use;
        if (!x->by_filter)
                return x->error == ENOENT && x->use != USE_CREATE && x->use != USE_CREATE_OPEN &&
                                       x->use != USE_CONNECT ? USE_LOOK : x->use;
        return (uint64_t) x->number << 32 | family(x);
}

static uint32_t hash_of(const Denial *x) {
        const uint64_t d = distinction(x);
        uint32_t hash = add_hash(UINT32_C(2166136261), &d, sizeof(d));

        hash = add_hash(hash, &x->error, sizeof(x->error));
        return x->by_filter ? hash : add_hash(hash, x->path, strlen(x->path));
}

static bool is_same(const Denial *a, const Denial *b) {
        return a->by_filter == b->by_filter && a->error == b->error && distinction(a) == distinction(b) &&
               (a->by_filter || streq(a->path, b->path));
}

static bool has_room(const Denials *d, const Denial *x, size_t size) {
        return d->n < DENIALS_MAX && size <= sizeof(d->text) - d->text_used &&
               (x->error != ENOENT || d->n_missing < DENIALS_MISSING_MAX);
}

static const Denial *insert(Denials *d, uint16_t *place, const Denial *x) {
        const size_t size = x->by_filter ? 0 : strlen(x->path) + 1;
        Denial *item = &d->items[d->n];

        if (!has_room(d, x, size)) {
                __atomic_add_fetch(&d->lost, 1, __ATOMIC_RELAXED);
                return NULL;
        }
        *item = *x;
        item->count = 1;
        if (size > 0) {
                item->path = memcpy(d->text + d->text_used, x->path, size);
                d->text_used += size;
        }
        d->n_missing += x->error == ENOENT;
        *place = (uint16_t) (d->n + 1);
        __atomic_add_fetch(&d->n, 1, __ATOMIC_RELEASE); /* readers see it whole, or not */
        return item;
}

const Denial *denials_add(Denials *d, const Denial *x) {
        uint32_t i = hash_of(x) % PLACES;

        for (; d->places[i]; i = (i + 1) % PLACES) {
                Denial *item = &d->items[d->places[i] - 1];

                if (is_same(item, x)) {
                        __atomic_store_n(&item->count, item->count + (item->count < UINT32_MAX), __ATOMIC_RELAXED);
                        return item;
                }
        }
        return insert(d, &d->places[i], x);
}

/* The plan's filter kills for another architecture, so that says more. The count comes last: a reader that sees one
 * sees the rest. */
void denials_add_death(Denials *d, int number, uint32_t architecture, bool again) {
        if (d->deaths.count == 0 ||
            (architecture != NATIVE_ARCHITECTURE && d->deaths.architecture == NATIVE_ARCHITECTURE)) {
                d->deaths.number = number;
                d->deaths.architecture = architecture;
        }
        if (!again)
                __atomic_add_fetch(&d->deaths.count, 1, __ATOMIC_RELEASE);
}

DenialDeaths denials_deaths(const Denials *d) {
        const uint32_t count = __atomic_load_n(&d->deaths.count, __ATOMIC_ACQUIRE);

        return count > 0 ? (DenialDeaths) { count, d->deaths.number, d->deaths.architecture } : (DenialDeaths) {};
}

size_t denials_count(const Denials *d) {
        return __atomic_load_n(&d->n, __ATOMIC_ACQUIRE);
}

const Denial *denials_get(const Denials *d, size_t i) {
        return &d->items[i];
}

uint32_t denial_count(const Denial *x) {
        return __atomic_load_n(&x->count, __ATOMIC_RELAXED);
}

uint64_t denials_lost(const Denials *d) {
        return __atomic_load_n(&d->lost, __ATOMIC_RELAXED);
}
