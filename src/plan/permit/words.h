/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/permit/permit.h"

/* What a grain permits, in a few words: "at most 67108864", "/srv of the host, read-only". On the heap; NULL when
 * memory runs out. */
char *permit_describe(DirectiveId id, const Grain *g);

/* The names of the bits that the one grain of a set permits and the other does not, on the heap. NULL when memory runs
 * out. */
char *permit_describe_bits(DirectiveId id, const Grain *inner, const Grain *outer);

/* The first word of a directive's ranks for a rank, without "-". On the heap; NULL if it has no word, or when memory
 * runs out. *ret_unset: whether a policy without the directive has this rank. */
char *permit_rank_word(const Directive *d, uint64_t rank, bool *ret_unset);

/* Whether the keys of a facet are a plain set of names, so that they can be listed together. */
bool permit_is_set(DirectiveId id);

/* The range of addresses that a key of IPAddressDeny= stands for, such as "10.0.0.0/8". On the heap; NULL when memory
 * runs out. */
char *permit_format_range(const char *key);

/* These write a number as a policy has it: bytes, microseconds, and so on, and a share in units of 1/10000. */
void permit_write_number(FILE *f, const Directive *d, uint64_t number);
void permit_write_share(FILE *f, uint64_t share);

/* Writes what a grain of a memory limit permits. share: as a share of the memory, if it comes of one. */
void permit_write_memory(FILE *f, DirectiveId id, const Grain *g, bool share);
