/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/network/search.h"

#include <ctype.h>
#include <errno.h>

#include "util/strv.h"

enum { DOMAINS_MAX = 6 }; /* as older resolvers take */

/* Makes it lower case, without the last dot, as names of peers are. Returns whether it is the name of a domain. */
static bool simplify(char *domain) {
        size_t n = strlen(domain);

        if (n > 0 && domain[n - 1] == '.')
                domain[--n] = '\0';
        for (char *c = domain; *c; c++) {
                *c = (char) tolower((unsigned char) *c);
                if (!isalnum((unsigned char) *c) && !strchr("-_.", *c))
                        return false;
        }
        return n > 0 && *domain != '.';
}

/* Whether the name ends with "." and the domain. */
static bool is_below(const char *name, const char *domain) {
        const size_t n = strlen(name), length = strlen(domain);

        return n > length && endswith(name, domain) && name[n - length - 1] == '.';
}

/* Whether a name below the domain can be a peer. */
static bool has_peer(const Plan *plan, const char *domain) {
        for (const PlanPeer *p = plan->peers; p < plan->peers + plan->n_peers; p++)
                if (!p->literal && (is_below(p->host, domain) || (p->is_pattern && is_below(domain, p->host + 2))))
                        return true;
        return false;
}

static int take_domains(const Plan *plan, char *words, char ***ret) {
        static const char blank[] = " \t\r";
        char *position = NULL;
        int r = 0;

        strv_free(*ret);
        *ret = NULL;
        for (char *word = strtok_r(words, blank, &position); word && r >= 0; word = strtok_r(NULL, blank, &position))
                if (simplify(word) && has_peer(plan, word) && strv_length(*ret) < DOMAINS_MAX)
                        r = strv_push(ret, word);
        return r < 0 ? r : 0;
}

int search_find(const Plan *plan, char *text, char ***ret) {
        static const char *const keys[] = { "search", "domain" };
        char **domains = NULL, *position = NULL;
        int r = 0;

        /* The last line counts, of either kind. */
        for (char *line = strtok_r(text, "\n", &position); line && r >= 0; line = strtok_r(NULL, "\n", &position))
                for (size_t i = 0; i < ELEMENTSOF(keys) && r >= 0; i++) {
                        const size_t n = strlen(keys[i]);

                        if (strncmp(line, keys[i], n) == 0 && (line[n] == ' ' || line[n] == '\t'))
                                r = take_domains(plan, line + n, &domains);
                }
        if (r < 0)
                strv_free(domains);
        else
                *ret = domains;
        return r;
}
