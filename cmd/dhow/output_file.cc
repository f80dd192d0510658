// SPDX-License-Identifier: Apache-2.0
#include "cmd/dhow/output_file.h"

#include "base/file.h"
#include "base/random.h"
#include "base/text.h"

#include <cerrno>
#include <cstdio>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace dhow::cli {

Result<OutputFile> OutputFile::standard(Invocation& call, std::string_view verb) {
    if (::isatty(STDOUT_FILENO) == 1) {
        return call.usage_error("refusing to " + std::string(verb) +
                                " to terminal. Use -o flag or redirect");
    }
    UniqueFd copy(::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3));
    if (!copy) return system_error("write the archive to standard output");
    return OutputFile(std::move(copy), {}, {});
}

Result<OutputFile> OutputFile::as_asked(Invocation& call, std::string_view verb) {
    const std::string& path = call.args().text("output");
    return path.empty() || path == "-" ? standard(call, verb) : file(path);
}

Result<OutputFile> OutputFile::empty_folder(const std::string& path) {
    if (::mkdir(path.c_str(), 0755) != 0 && errno != EEXIST) {
        return system_error("create folder '" + printable(path) + "'");
    }
    auto fd = TRY(open_dir_at(AT_FDCWD, path));
    const auto names = TRY(list_dir_at(fd.get(), "."));
    if (names.empty()) return OutputFile(std::move(fd), {}, {});
    return make_error(ErrorKind::AlreadyExists,
                      "write to '" + printable(path) + "': the folder is not empty",
                      "choose another, or remove what is in it");
}

Result<OutputFile> OutputFile::file(const std::string& path) {
    struct stat st {};

    const bool special = ::stat(path.c_str(), &st) == 0 && !S_ISREG(st.st_mode);
    if (special) return OutputFile(TRY(open_at(AT_FDCWD, path, O_WRONLY)), {}, {});
    const std::string beside = path + ".part-" + random_hex(4);
    auto fd = TRY(open_at(AT_FDCWD, beside, O_WRONLY | O_CREAT | O_EXCL, 0644));
    return OutputFile(std::move(fd), beside, path);
}

Status OutputFile::settle(const Status& written) {
    if (beside_.empty()) return written;
    if (!written) {
        ignore(remove_file_at(AT_FDCWD, beside_), "the first error is the one to tell");
        return written;
    }
    if (::rename(beside_.c_str(), path_.c_str()) == 0) return {};
    return system_error("move the archive to '" + printable(path_) + "'");
}

}  // namespace dhow::cli
