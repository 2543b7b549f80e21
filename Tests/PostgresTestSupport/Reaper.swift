import CLinux
import Glibc

/// A shell that outlives this process by a moment: when the process ends, in whatever way, the pipe between them closes,
/// and the shell stops the server in a folder and removes the folder.
public enum Reaper {
    public static func watch(_ folder: String) {
        var ends: [Int32] = [0, 0]
        // Neither end may be inherited, not even by a process that another thread starts at this moment: a server that held
        // the pipe open would keep its own reaper waiting. The shell has its end as standard input.
        precondition(pipe2(&ends, O_CLOEXEC) == 0, "no pipe for the reaper")
        // The number is that of the folder's own server. The loop is bounded: in a container nobody may reap it.
        let script = """
            trap '' INT TERM HUP
            read _
            pid=$(head -n 1 "$1/data/postmaster.pid" 2>/dev/null)
            if [ -n "$pid" ]; then
                kill -QUIT "$pid"
                i=0
                while [ $i -lt 50 ] && kill -0 "$pid" 2>/dev/null; do i=$((i+1)); sleep 0.1; done
            fi
            rm -rf "$1"
            """
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, ends[0], 0)
        // Whoever reads this process's output waits for its end, and must not wait for the shell's.
        posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
        let words: [String] = ["/bin/sh", "-c", script, "reaper", folder]
        let arguments = words.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        var id: pid_t = 0
        precondition(posix_spawn(&id, "/bin/sh", &actions, nil, arguments, environ) == 0, "no shell for the reaper")
        close(ends[0])
    }

    /// A new folder below the system's temporary one, gone when this process is.
    public static func temporaryFolder() -> String {
        var template = Array("/tmp/mallbots-test-XXXXXX".utf8CString)
        guard let path = mkdtemp(&template) else { preconditionFailure("no temporary folder could be made") }
        let folder = String(cString: path)
        watch(folder)
        return folder
    }
}
