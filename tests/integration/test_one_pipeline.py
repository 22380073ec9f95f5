"""How often a live batch waits for the database: told by the protocol, for each wait is a part of every event's way."""

from pathlib import Path

from shared.runtime.database import Connection
from tests.integration.counting import Faults
from tests.integration.test_machine import machine_of, messages
from tests.running_servers import Servers


async def test_beside_what_it_looks_up_a_batch_waits_for_the_database_once(
    servers: Servers, database: str, connection: Connection, tmp_path: Path
) -> None:
    machine = machine_of(Faults())
    await machine.start(connection)
    batch = await messages(servers, database, "a", "b")
    with (tmp_path / "protocol").open("w") as protocol:
        connection.pgconn.trace(protocol.fileno())
        await machine.apply(connection, batch)
        connection.pgconn.untrace()
    before, _, after = (tmp_path / "protocol").read_text().partition("\tSync")
    assert before.count("\tFlush") == 1, "it looks up rows"
    assert "\tSync" not in after, "it ends"
    # psycopg asks for a flush once more where the last answers are not here when the Sync was sent: no wait of its own.
    assert after.count("\tFlush") <= 1
