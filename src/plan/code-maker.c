/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/code-maker.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "util/macro.h"

/* Each was tried (V8 of node 20, OpenJDK 17, PyPy 7.3), but for deno and electron, which also have V8. LuaJIT is not
 * here: it exits with 1 also for errors of a script, and names the reason itself. */
static const CodeMaker makers[] = {
        { "node", 0 }, { "nodejs", 0 }, { "deno", 0 }, { "electron", 0 }, { "pypy", 0 },
        { "java", 1 }, { "javac", 1 },  { "jar", 1 },  { "keytool", 1 },
};

static bool is_named(const CodeMaker *maker, const char *word, size_t n) {
        size_t known = strlen(maker->name);

        return n >= known && strncmp(word, maker->name, known) == 0 &&
               strspn(word + known, "0123456789.") >= n - known;
}

static const CodeMaker *find_word(const char *word, size_t n) {
        for (size_t i = n; i > 0; i--)
                if (word[i - 1] == '/') {
                        word += i;
                        n -= i;
                        break;
                }
        for (size_t i = 0; i < ELEMENTSOF(makers); i++)
                if (is_named(&makers[i], word, n))
                        return &makers[i];
        return NULL;
}

const CodeMaker *code_maker_find(const char *text) {
        static const char separators[] = " \t\r\n;|&()<>'\"`!";
        const CodeMaker *found = NULL;

        for (const char *p = text + strspn(text, separators); !found && *p; p += strspn(p, separators)) {
                size_t n = strcspn(p, separators);

                found = find_word(p, n);
                p += n;
        }
        return found;
}

bool code_maker_has_failed(const CodeMaker *maker, int wait_status) {
        int sig = WIFSIGNALED(wait_status) ? WTERMSIG(wait_status) : WEXITSTATUS(wait_status) - 128;

        if (maker->status)
                return WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == maker->status;
        return sig == SIGTRAP || sig == SIGABRT || sig == SIGSEGV || sig == SIGILL;
}
