// SPDX-License-Identifier: Apache-2.0
#include "referee/device_fault.hpp"

namespace cupel::referee {

using verdict::Status;

DeviceFault meaning_of(emulator::Fault fault) {
    using F = emulator::Fault;
    switch (fault) {
        case F::OutOfBounds:
        case F::Misaligned:
        case F::Assertion:
        case F::Trap:
            return {.status = Status::Crashed, .law = {}};
        case F::Deadlock:
        case F::NotFinished:
            return {.status = Status::TimedOut, .law = {}};
        case F::WroteInput:
            return {.status = Status::Cheating, .law = 7};
        case F::HiddenState:
            return {.status = Status::Cheating, .law = 2};
        case F::Environment:
            return {.status = Status::Cheating, .law = 1};
        case F::Uninitialised:
        case F::SharedRace:
        case F::GlobalRace:
        case F::SameValueRace:
        case F::BarrierDivergence:
        case F::MaskError:
        case F::AsyncHazard:
        case F::StaleRead:
        case F::NotWritten:
        case F::Note:
            break;
    }
    return {};
}

bool shows_in_a_sample(emulator::Fault fault) {
    using F = emulator::Fault;
    switch (fault) {
        case F::OutOfBounds:
        case F::Misaligned:
        case F::WroteInput:
        case F::SharedRace:
        case F::BarrierDivergence:
        case F::MaskError:
        case F::AsyncHazard:
            return true;
        case F::Uninitialised:
        case F::Environment:
        case F::GlobalRace:
        case F::SameValueRace:
        case F::Deadlock:
        case F::StaleRead:
        case F::HiddenState:
        case F::NotWritten:
        case F::NotFinished:
        case F::Assertion:
        case F::Trap:
        case F::Note:
            break;
    }
    return false;
}

}  // namespace cupel::referee
