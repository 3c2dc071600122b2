/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "oci/spec/spec.h"
#include "util/report.h"

/* Reads the text of a config.json, and takes it over; it ends with NUL after size bytes. Returns 0 or -errno,
 * reported. */
int spec_parse(const char *bundle, char *text, size_t size, Spec *ret, Report *report);

/* Reads BUNDLE/FILE; NULL: config.json. bundle is absolute. ret borrows file, for messages. Returns 0 or -errno,
 * reported. */
int spec_load(const char *bundle, const char *file, Spec *ret, Report *report);

/* Reads the copy that the state of a container has. The bundle may have changed since it was made. Returns 0 or -errno,
 * reported. */
int spec_load_copy(int directory, const char *bundle, Spec *ret, Report *report);

/* Reads the file with a process that exec gets: the object that config.json has at /process. *ret_json has the strings
 * of ret, and the caller unrefs it; ret borrows path, for messages. Returns 0 or -errno, reported. */
int spec_load_process(const char *path, json_t **ret_json, SpecProcess *ret, Report *report);

/* Reads a file, or standard input for "-", that has an object as config.json has it at /linux/resources. The caller
 * unrefs *ret. Returns 0 or -errno, reported. */
int spec_read_resources(const char *path, json_t **ret, Report *report);

/* Writes to *ret what old becomes with other limits; the caller calls spec_deinit(). changes: an object as above, which
 * loses its device rules. name is for messages. Returns 0 or -errno, reported. */
int spec_change_resources(const Spec *old, json_t *changes, const char *name, Spec *ret, Report *report);

void spec_process_deinit(SpecProcess *process);
void spec_deinit(Spec *spec);
