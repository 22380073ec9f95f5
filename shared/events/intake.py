"""What comes in: files, their rows, which column is which field, customer lists."""

from dataclasses import dataclass, field

from shared.events.catalogue import Fields, event


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row of a file that cannot become an item: 1-based data row number, column and reason."""

    row: int
    column: str
    value: str
    reason: str


@event("UploadReceived", 1, "ingest")
@dataclass(frozen=True, slots=True)
class UploadReceived:
    """A file was read whole and kept byte for byte under `artifact`; `rows` good rows follow in RowsStaged.

    `bad_rows` has the first thousand of the `bad_row_count` rows that cannot become items.
    """

    upload_id: str
    workstream: str
    filename: str
    bytes: int
    sha256: str
    artifact: str
    headers: list[str]
    mapping: dict[str, str]
    unmapped: list[str]
    rows: int
    bad_row_count: int = 0
    bad_rows: list[BadRow] = field(default_factory=list)


@event("MappingChosen", 1, "ingest")
@dataclass(frozen=True, slots=True)
class MappingChosen:
    """A person said which header gives a field; it holds for the client's later files of the workstream too.

    `chosen`: field to header as the file has it; "" forgets what was chosen for the field before.
    """

    workstream: str
    chosen: dict[str, str]


@dataclass(frozen=True, slots=True)
class StagedRow:
    """One row: its 1-based number, every cell as the file has it, and the fields the mapping made of them."""

    row: int
    cells: list[str]
    fields: Fields


@event("RowsStaged", 1, "ingest")
@dataclass(frozen=True, slots=True)
class RowsStaged:
    """Some rows of an upload, in file order."""

    upload_id: str
    rows: list[StagedRow]


@dataclass(frozen=True, slots=True)
class ListedCustomer:
    """One company of a customer list, as the list writes it."""

    name: str | None = None
    domain: str | None = None
    linkedin_url: str | None = None


@event("CustomersListed", 1, "ingest")
@dataclass(frozen=True, slots=True)
class CustomersListed:
    """Some of the client's own customers, as an upload lists them; `complete`: the upload's last ones."""

    upload_id: str
    customers: list[ListedCustomer]
    complete: bool


@event("CustomersRemoved", 1, "ingest")
@dataclass(frozen=True, slots=True)
class CustomersRemoved:
    """Some companies are the client's customers no longer: those in `customers`, each found by the surest that is told
    of it; those that only the list `upload_id` has; those that the list `kept_upload_id` has not; or `everything`.
    """

    customers: list[ListedCustomer] = field(default_factory=list)
    upload_id: str | None = None
    kept_upload_id: str | None = None
    everything: bool = False
    reason: str = ""
