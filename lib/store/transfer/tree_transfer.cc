// SPDX-License-Identifier: Apache-2.0
#include "store/transfer/tree_transfer.h"

#include "base/file.h"
#include "store/transfer/layer_apply.h"
#include "store/transfer/tree_tar.h"

#include <cerrno>
#include <vector>

#include <unistd.h>

namespace dhow::store {

Status read_stream(int fd, const ByteSink& sink) {
    std::vector<char> buffer(256U << 10U);
    while (true) {
        const ssize_t got = ::read(fd, buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return system_error("read the tar");
        if (got == 0) return {};
        TRY(sink(std::string_view(buffer.data(), static_cast<size_t>(got))));
    }
}

Status export_tree(const TransferContext& context, int output) {
    const RootDir tree = TRY(RootDir::open(context.request.source_dir));
    return write_tree_tar(tree, {}, [&](std::string_view bytes) -> Status {
        TRY_CONTEXT(write_all(output, bytes), "write the tar");
        return {};
    });
}

Status unpack_tree(const TransferContext& context, int tar) {
    LayerApplier applier(TRY(RootDir::open(context.request.staging_dir)),
                         context.request.rootless,
                         nullptr,
                         TreeForm::Plain);
    TarReader reader(applier);
    Decompressor decompressor([&](std::string_view bytes) { return reader.feed(bytes); });
    TRY(read_stream(tar, [&](std::string_view bytes) { return decompressor.feed(bytes); }));
    TRY(decompressor.finish());
    TRY(reader.finish());
    return applier.finish();
}

}  // namespace dhow::store
