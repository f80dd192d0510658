// SPDX-License-Identifier: Apache-2.0
// A stream of JSON lines, as Docker tells the progress of a pull or load. The response begins with
// the first line: an error before it is an ordinary answer, one after it a line.
#pragma once

#include "cmd/api/call.h"

namespace dhow::api {

class JsonStream {
  public:
    explicit JsonStream(Call& call) : call_(call) {}

    Status write(const json::Object& line);
    Status end();
    // Error of the whole, told the way that is still open.
    Status fail(const Error& error);

    // The engine's events as Docker words them.
    engine::ProgressSink sink();

  private:
    void show(const engine::ProgressEvent& event);

    Call& call_;
    bool begun_ = false;
};

}  // namespace dhow::api
