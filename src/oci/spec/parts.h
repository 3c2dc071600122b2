/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The parts of spec_load(). Each reads what place has into ret, after fields_check(). Returns 0 or -errno, reported;
 * what ret has by then is freed by spec_deinit(). */

#include "oci/spec/place.h"
#include "oci/spec/spec.h"
#include "policy/value/names.h"

/* Reads a label of SELinux; "" is none. */
int label_read(const Place *parent, const char *key, const char **ret);
/* minor: of the version that place is written for. */
int process_read(const Place *place, unsigned minor, SpecProcess *ret);

/* The scheduler and the I/O priority of a process, and the personality and memory policy of the container. */
int scheduling_read(const Place *process, SpecProcess *ret);
int personality_read(const Place *linux_part, Spec *ret);
int memory_policy_read(const Place *linux_part, Spec *ret);
/* The names of a table, for features. NULL when memory runs out. */
json_t *spec_names(const NamedNumber *list);

int hooks_read(const Place *place, Spec *ret);
void hooks_deinit(Spec *spec);

int mounts_read(const Place *place, Spec *ret);
/* Reads the value of a mount's option idmap= or ridmap= at p into the maps of ret. Returns 0 or -errno, reported. */
int idmap_option_read(const Place *p, const char *value, const Spec *spec, SpecMount *ret);
/* MS_PRIVATE for "private" and so on; 0: there is no such propagation. */
unsigned long propagation_find(const char *name);
/* Reads the id mappings at key. Returns 0 or -errno, reported. */
int map_read(const Place *place, const char *key, IdMap *ret);
int linux_read(const Place *place, Spec *ret);
int net_devices_read(const Place *linux_part, Spec *ret);
int resources_read(const Place *place, Spec *ret);
int device_rules_read(const Place *resources, Spec *ret);
int seccomp_read(const Place *place, Spec *ret);
