"""A server made of pymodbus, for the client to be tried on.

tcp, rtu-over-tcp, or rtu PATH BAUD, ascii PATH BAUD. It prints the address it listens on,
or the path. Registers and bits of unit u hold value(u, a) until they are written;
addresses end at 59999.
"""
import asyncio
import sys

from pymodbus.datastore import ModbusServerContext, ModbusSlaveContext
from pymodbus.device import ModbusDeviceIdentification
from pymodbus.server.async_io import ModbusSerialServer, ModbusTcpServer
from pymodbus.transaction import ModbusAsciiFramer, ModbusRtuFramer, ModbusSocketFramer

LAST = 60000


def value(unit, addr):
    x = unit << 16 | addr
    x ^= x >> 15
    x = x * 0x2C1B3C6D & 0xFFFFFFFF
    x ^= x >> 12
    x = x * 0x297A2D39 & 0xFFFFFFFF
    return x >> 15 & 0xFFFF


class Block:
    """One table of one unit: computed until written."""

    def __init__(self, unit, mask):
        self.unit, self.mask, self.written = unit, mask, {}

    def validate(self, address, count=1):
        return count > 0 and address + count <= LAST

    def getValues(self, address, count=1):
        return [self.written.get(a, value(self.unit, a) & self.mask) for a in range(address, address + count)]

    def setValues(self, address, values):
        for i, v in enumerate(values if isinstance(values, list) else [values]):
            self.written[address + i] = v

    def reset(self):
        self.written = {}


def unit(u):
    return ModbusSlaveContext(di=Block(u, 1), co=Block(u, 1), hr=Block(u, 0xFFFF), ir=Block(u, 0xFFFF), zero_mode=True)


async def main():
    context = ModbusServerContext({u: unit(u) for u in range(1, 16)}, single=False)
    identity = ModbusDeviceIdentification(
        info={0: "Anlan", 1: "pymodbus", 2: "3.0", 3: "-", 4: "server", 5: "model", 6: "test"}
    )
    kind = sys.argv[1]
    if kind in ("tcp", "rtu-over-tcp"):
        framer = ModbusSocketFramer if kind == "tcp" else ModbusRtuFramer
        server = ModbusTcpServer(context, framer=framer, identity=identity, address=("127.0.0.1", 0))
        task = asyncio.ensure_future(server.serve_forever())
        await server.serving
        print("127.0.0.1:%d" % server.server.sockets[0].getsockname()[1], flush=True)
        await task
    else:
        framer = ModbusAsciiFramer if kind == "ascii" else ModbusRtuFramer
        server = ModbusSerialServer(
            context, framer=framer, identity=identity, port=sys.argv[2], baudrate=int(sys.argv[3]), ignore_missing_slaves=True
        )
        await server.start()
        print(sys.argv[2], flush=True)
        await server.serve_forever()


asyncio.run(main())
