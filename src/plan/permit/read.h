/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/permit/permit.h"

/* Finds the real path of a source on the host: of "/lib/x", "/usr/lib/x". *ret is on the heap. Returns 0 or -ENOMEM; a
 * path that does not exist stays unchanged. */
typedef int (*PermitResolve)(const char *path, char **ret);
int permit_resolve(const char *path, char **ret);

/* Reads what a policy permits. The policy must be complete (policy_complete()), and live as long as the permit. resolve
 * may be NULL: then, paths are only texts. Returns 0, or -ENOMEM, reported. */
int permit_new(Permit **ret, const Policy *policy, PermitResolve resolve, Report *report);

/* The rest is for the readers of the facets. */

typedef struct PermitReader {
        Permit *permit;
        const Policy *policy;
        PermitResolve resolve;
} PermitReader;

/* The number of Nice= that permits least. */
enum { PERMIT_NICE_MAX = 19 };

/* The key of the devices that DevicePolicy=closed allows, /dev/null and the like. */
#define PERMIT_STANDARD_DEVICES "standard"

/* Reads one kind of order, each 0 or -ENOMEM. */
int permit_read_places(PermitReader *r, DirectiveId id);
int permit_read_credentials(PermitReader *r, DirectiveId id);
int permit_read_exec(PermitReader *r, DirectiveId id);
int permit_read_grants(PermitReader *r, DirectiveId id);
int permit_read_root(PermitReader *r, DirectiveId id);
int permit_read_numbers(PermitReader *r, DirectiveId id);
int permit_read_per_device(PermitReader *r, DirectiveId id);
int permit_read_addresses(PermitReader *r, DirectiveId id);
int permit_read_devices(PermitReader *r, DirectiveId id);
int permit_read_bits(PermitReader *r, DirectiveId id);
int permit_read_calls(PermitReader *r, DirectiveId id);

static inline const SettingList *permit_list(const PermitReader *r, DirectiveId id) {
        return &r->policy->settings[id];
}

/* Appends a grain with its line to the facet. NULL when memory runs out. */
Grain *permit_add(PermitReader *r, DirectiveId facet, const char *key, unsigned level, DirectiveId id,
                  const Setting *from);

/* Keeps a text for the permit. Takes it over, and returns it; NULL if it is NULL, or when memory runs out. */
const char *permit_keep(PermitReader *r, char *text);

/* The bytes of a value of MemoryMax= and such: a share is one of this machine's memory. So sizes and shares compare. */
uint64_t permit_memory(const Value *value);
