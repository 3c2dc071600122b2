/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "util/user-line.h"

#include <string.h>

#include "util/parse.h"

enum { NAME, PASSWORD, ID, MEMBERS, USER_GROUP = MEMBERS, REAL_NAME, HOME, SHELL, FIELDS_MAX };

bool user_id_parse(const char *text, uint32_t *ret) {
        uint64_t number;

        if (parse_u64_range(text, 0, UINT32_MAX - 1, &number) < 0)
                return false;
        *ret = (uint32_t) number;
        return true;
}

/* Splits the next line that has this field and an id. Fields that a line does not have are NULL. */
static bool next(char **text, size_t last, char *fields[static FIELDS_MAX], uint32_t *ret_id) {
        char *line;

        while ((line = strsep(text, "\n"))) {
                if (*line == '#')
                        continue;
                for (size_t i = 0; i < FIELDS_MAX; i++)
                        fields[i] = strsep(&line, ":");
                if (fields[last] && user_id_parse(fields[ID], ret_id))
                        return true;
        }
        return false;
}

bool user_line_next(char **text, UserLine *ret) {
        char *fields[FIELDS_MAX];
        uint32_t uid, gid;

        while (next(text, HOME, fields, &uid))
                if (user_id_parse(fields[USER_GROUP], &gid)) {
                        *ret = (UserLine) { fields[NAME], uid, gid, fields[HOME], fields[SHELL] ?: "" };
                        return true;
                }
        return false;
}

bool group_line_next(char **text, GroupLine *ret) {
        char *fields[FIELDS_MAX];
        uint32_t gid;

        if (!next(text, ID, fields, &gid))
                return false;
        *ret = (GroupLine) { fields[NAME], gid, fields[MEMBERS] ?: "" };
        return true;
}

bool group_line_has(const GroupLine *group, const char *user) {
        const size_t n = strlen(user);

        for (const char *p = group->members; *p; p += strcspn(p, ","), p += *p == ',')
                if (strncmp(p, user, n) == 0 && (!p[n] || p[n] == ','))
                        return true;
        return false;
}
