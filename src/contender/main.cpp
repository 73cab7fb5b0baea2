// SPDX-License-Identifier: Apache-2.0
// cupel-contender KERNEL.so: started by the referee, inside a jail, with the descriptors of
// wire/control.hpp. By hand it has no use.
#include <sys/syscall.h>
#include <unistd.h>

#include "contender/contender.hpp"

namespace {

// Tile registers (AMX) belong to a process only on request, and a kernel can no longer ask.
void request_tiles() {
    constexpr int kArchReqXcompPerm = 0x1023;
    constexpr int kTileData = 18;
    (void)syscall(SYS_arch_prctl, kArchReqXcompPerm, kTileData);
}

}  // namespace

int main(int argc, char** argv) {
    namespace contender = cupel::contender;
    namespace wire = cupel::wire;
    contender::Stage stage;
    if (argc != 2 || !contender::set_stage(stage)) return 2;
    wire::Control& control = *stage.control;
    request_tiles();
    contender::describe_crashes(control);
    if (!contender::lock_in()) {
        contender::announce(control, wire::State::NoFilter);
        return 3;
    }
    // From here on untrusted code may run: the constructors of the kernel first of all.
    const contender::Kernel kernel = contender::load(argv[1], control);
    if (kernel == nullptr) return 4;
    contender::answer(stage, kernel);
}
