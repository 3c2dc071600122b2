/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a payload has used while it was watched: isorun --record. A payload can use as much as it likes, so everything
 * here has a bound; what is beyond it is only counted. */

#include <stdint.h>
#include <sys/types.h>

#include "util/macro.h"

enum {
        RECORD_USES_MAX = 32768,
        RECORD_TEXT_MAX = 8 << 20, /* bytes of all keys together */
        RECORD_CALLS = 1024,       /* more than the kernel has */
        RECORD_FAMILIES = 64,      /* the same */
        RECORD_CAPABILITIES = 64,  /* the same */
        RECORD_PROGRAM_SIZE = 16,  /* TASK_COMM_LEN */
};

enum {
        USED_LOOK = 1 << 0,    /* it exists */
        USED_READ = 1 << 1,    /* of a directory: it was listed */
        USED_WRITE = 1 << 2,
        USED_MAKE = 1 << 3,    /* made, removed or renamed: an entry of its directory */
        USED_EXECUTE = 1 << 4, /* perhaps without success */
        USED_CONNECT = 1 << 5,
        USED_BIND = 1 << 6,
};

/* How often, and by which program first. */
typedef struct RecordCount {
        uint64_t times;
        char program[RECORD_PROGRAM_SIZE]; /* the name that it has given itself; "": not known */
        bool others; /* other programs, too */
} RecordCount;

typedef struct RecordUse {
        char *key; /* an absolute path inside, with symlinks; an address ("192.0.2.1:53/udp"); or "@" and a name */
        unsigned uses;
        RecordCount count;
} RecordUse;

/* A capability. */
typedef struct RecordPrivilege {
        RecordCount count; /* of the calls that may have used it */
        bool certain;      /* in one of them, it or another one for which the kernel looks in that call was used */
} RecordPrivilege;

typedef struct RecordPeaks {
        uint64_t memory, tasks; /* 0: not known */
        uint64_t cpu_usec, usec; /* of processors, and of the clock */
} RecordPeaks;

typedef struct Record Record;

Record *record_new(void);
Record *record_free(Record *record);
DEFINE_CLEANUP(Record *, record_free);

/* Notes a use. program is the name of the thread. */
void record_note(Record *record, const char *key, unsigned use, const char *program);

/* Notes a call that the filter allows, by its number; and a family of sockets. */
void record_call(Record *record, int number, const char *program);
void record_family(Record *record, uint64_t family, const char *program);

/* Notes a use of one or more of these capabilities (bits). */
void record_privilege(Record *record, uint64_t capabilities, bool certain, const char *program);

/* Notes a new thread, and the end of one. */
void record_thread(Record *record, bool ends);

size_t record_n_uses(const Record *record);
const RecordUse *record_use(const Record *record, size_t i);
const RecordCount *record_called(const Record *record, int number); /* NULL: not called */
const RecordCount *record_socket(const Record *record, unsigned family); /* NULL: not used */
const RecordPrivilege *record_privileged(const Record *record, unsigned capability); /* NULL: not used */
uint64_t record_threads(const Record *record); /* at most at a time */

/* How many uses were not kept. */
uint64_t record_lost(const Record *record);

/* Adds more to a count. */
void record_count_add(RecordCount *count, const RecordCount *more);
