/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/record/record.h"

#include <stdlib.h>

#include "util/array.h"
#include "util/map.h"

struct Record {
        RecordUse **uses; /* the map has pointers to them */
        size_t n_uses, text_used;
        Map by_key;
        RecordCount calls[RECORD_CALLS], families[RECORD_FAMILIES];
        RecordPrivilege privileges[RECORD_CAPABILITIES];
        uint64_t lost, threads, threads_most;
};

Record *record_new(void) {
        return calloc(1, sizeof(Record));
}

static RecordUse *use_free(RecordUse *use) {
        if (use)
                free(use->key);
        free(use);
        return NULL;
}

Record *record_free(Record *r) {
        if (!r)
                return NULL;
        for (size_t i = 0; i < r->n_uses; i++)
                use_free(r->uses[i]);
        free(r->uses);
        map_deinit(&r->by_key);
        free(r);
        return NULL;
}

void record_count_add(RecordCount *count, const RecordCount *more) {
        if (*count->program && *more->program && !streq(count->program, more->program))
                count->others = true;
        count->others = count->others || more->others;
        if (!*count->program)
                memcpy(count->program, more->program, sizeof(count->program));
        count->times += more->times;
}

static void count_one(RecordCount *count, const char *program) {
        RecordCount one = { .times = 1 };

        memcpy(one.program, program, strnlen(program, sizeof(one.program) - 1));
        record_count_add(count, &one);
}

/* Returns NULL if there is no room. */
static RecordUse *insert(Record *r, const char *key) {
        const size_t size = strlen(key) + 1;
        RecordUse **slot = NULL;

        if (r->n_uses < RECORD_USES_MAX && size <= RECORD_TEXT_MAX - r->text_used)
                slot = ARRAY_APPEND(r->uses, r->n_uses);
        if (slot)
                *slot = calloc(1, sizeof(**slot));
        if (slot && *slot)
                (*slot)->key = strdup(key);
        if (!slot || !*slot || !(*slot)->key || map_put(&r->by_key, (*slot)->key, *slot) < 0) {
                if (slot) {
                        use_free(*slot);
                        r->n_uses--;
                }
                r->lost++;
                return NULL;
        }
        r->text_used += size;
        return *slot;
}

void record_note(Record *r, const char *key, unsigned use, const char *program) {
        RecordUse *found = map_get(&r->by_key, key);

        found = found ?: insert(r, key);
        if (!found)
                return;
        found->uses |= use;
        count_one(&found->count, program);
}

void record_call(Record *r, int number, const char *program) {
        if (number >= 0 && number < RECORD_CALLS)
                count_one(&r->calls[number], program);
}

void record_family(Record *r, uint64_t family, const char *program) {
        if (family < RECORD_FAMILIES)
                count_one(&r->families[family], program);
}

void record_privilege(Record *r, uint64_t capabilities, bool certain, const char *program) {
        for (size_t i = 0; i < RECORD_CAPABILITIES; i++)
                if (capabilities & UINT64_C(1) << i) {
                        count_one(&r->privileges[i].count, program);
                        r->privileges[i].certain = r->privileges[i].certain || certain;
                }
}

void record_thread(Record *r, bool ends) {
        if (!ends && ++r->threads > r->threads_most)
                r->threads_most = r->threads;
        r->threads -= ends && r->threads > 0;
}

uint64_t record_threads(const Record *r) {
        return r->threads_most;
}

size_t record_n_uses(const Record *r) {
        return r->n_uses;
}

const RecordUse *record_use(const Record *r, size_t i) {
        return r->uses[i];
}

const RecordCount *record_called(const Record *r, int number) {
        return number >= 0 && number < RECORD_CALLS && r->calls[number].times > 0 ? &r->calls[number] : NULL;
}

const RecordCount *record_socket(const Record *r, unsigned family) {
        return family < RECORD_FAMILIES && r->families[family].times > 0 ? &r->families[family] : NULL;
}

const RecordPrivilege *record_privileged(const Record *r, unsigned capability) {
        return capability < RECORD_CAPABILITIES && r->privileges[capability].count.times > 0
                       ? &r->privileges[capability] : NULL;
}

uint64_t record_lost(const Record *r) {
        return r->lost;
}
