// SPDX-License-Identifier: Apache-2.0
// Where `save` and `export` write: standard output, a folder, or a file that has its name only once
// it is whole. What fails half-way leaves nothing, and what was there before.
#pragma once

#include "base/result.h"
#include "base/unique_fd.h"
#include "cmd/dhow/invocation.h"

#include <string>
#include <string_view>

namespace dhow::cli {

class [[nodiscard]] OutputFile {
  public:
    // A usage error when it is a terminal; `verb` for its text.
    static Result<OutputFile> standard(Invocation& call, std::string_view verb);
    // What --output says: a file, or standard output for "-" and nothing.
    static Result<OutputFile> as_asked(Invocation& call, std::string_view verb);
    // Created when missing; AlreadyExists when something is in it.
    static Result<OutputFile> empty_folder(const std::string& path);
    // A device or pipe is written to as it is.
    static Result<OutputFile> file(const std::string& path);

    [[nodiscard]] int fd() const { return fd_.get(); }

    // What came of the writing: gives the file its name, or takes it away again.
    Status settle(const Status& written);

  private:
    OutputFile(UniqueFd fd, std::string beside, std::string path)
        : fd_(std::move(fd)), beside_(std::move(beside)), path_(std::move(path)) {}

    UniqueFd fd_;
    std::string beside_;  // until settled; empty: nothing to settle
    std::string path_;
};

}  // namespace dhow::cli
