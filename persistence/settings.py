"""Settings: all that an operator decides, read from the environment, each with its description beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import AliasChoices, Field
from pydantic_settings import SettingsConfigDict

from domain.cards.keys import KeyPurpose
from persistence.access.budget_settings import BudgetSettings
from persistence.ledger.deposit_settings import DepositSettings
from persistence.promotions.settings import PromotionSettings
from persistence.setting_kinds import Count, Networks, RedisAddress

PREFIX = "QUANYI_"

_SENDERS = Path(__file__).parent / "access" / "senders"
SENDERS = frozenset(file.stem for file in _SENDERS.glob("[a-z]*.py"))
"""The names of the message senders that there are."""

LogLevel = Literal["DEBUG", "INFO", "WARNING", "ERROR"]


class Settings(DepositSettings, BudgetSettings, PromotionSettings):
    """Read once at the start; `Settings(port=0, demo=True)` makes them by hand.

    Texts that hold a secret are left out of `repr`.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        populate_by_name=True,
        validate_default=True,
    )

    # The server
    port: int = Field(
        8000,
        ge=0,
        le=65535,
        validation_alias=AliasChoices("port", "PORT"),
        description="The TCP port of the API; 0 takes a free one.",
    )
    host: str = Field(
        "127.0.0.1",
        validation_alias=AliasChoices("host", "HOST"),
        description="The address that the API listens on. Anything but loopback is your decision.",
    )
    workers: Count = Field(
        1,
        validation_alias=AliasChoices("workers", "WORKERS"),
        description="How many API processes are started. More than one needs `REDIS_URL`.",
    )
    data: Path = Field(
        Path("var"),
        description="The directory for all that is kept on disk: the embedded database, the demo's keys, "
        "uploads and messages.",
    )
    demo: bool = Field(
        False,
        description="The demo profile: keys made on the spot, demo data, tokens in `demo.json`, messages in "
        "a file, SANDBOX payments. `make run` turns it on; never turn it on where real goods are sold.",
    )
    log_level: LogLevel = Field("INFO", description="The least severe log lines that are written.")
    trusted_proxies: Networks = Field(
        "",
        description="Addresses or networks, comma separated, whose `X-Forwarded-For` is believed.",
    )
    allowed_origins: str = Field(
        "*",
        description="Web origins, comma separated, whose pages may call the API (CORS). Tokens travel in "
        "a header and no cookies are used, so every origin is safe.",
    )
    request_bytes: Count = Field(1_048_576, description="The largest request body without files, in bytes.")
    upload_bytes: Count = Field(209_715_200, description="The largest request body with files, in bytes.")
    shutdown_s: Count = Field(10, description="Seconds that running requests get when the server stops.")

    # Storage
    database_url: str | None = Field(
        None,
        repr=False,
        validation_alias=AliasChoices("database_url", "DATABASE_URL"),
        description="The DSN of PostgreSQL 15 or newer, as the role that owns the tables. Without it the "
        "demo starts an embedded PostgreSQL.",
    )
    redis_url: RedisAddress | None = Field(
        None,
        repr=False,
        validation_alias=AliasChoices("redis_url", "REDIS_URL"),
        description="Redis or Valkey, which lets several processes wake one another and share rate limits.",
    )
    pool_size: Count = Field(10, description="Database connections of one process at most.")

    # Keys
    key_file: Path | None = Field(
        None,
        description="A file of mode 0600 with the root keys, outside the database. The demo makes one in "
        "`QUANYI_DATA`; elsewhere give this or the five settings below.",
    )
    card_keys: str = Field("", repr=False, description="Root keys that wrap cards' data keys: `id:base64,…`.")
    index_keys: str = Field("", repr=False, description="Root keys of the blind indexes: `id:base64,…`.")
    code_keys: str = Field("", repr=False, description="Root keys of minted codes' check: `id:base64,…`.")
    token_keys: str = Field("", repr=False, description="Root keys that hash tokens: `id:base64,…`.")
    presentation_keys: str = Field(
        "", repr=False, description="Root keys of rotating presentation codes: `id:base64,…`."
    )

    # The API
    introspection: bool = Field(True, description="Whether clients may ask for the schema.")
    graphiql: bool = Field(True, description="Whether a browser gets GraphiQL on `/graphql`.")
    compiled: bool = Field(
        True, description="Whether operations are compiled; graphql-core executes all of them otherwise."
    )
    max_depth: Count = Field(15, description="How deep the fields of a document may nest.")
    max_aliases: Count = Field(50, description="How many aliases a document may use.")
    max_tokens: Count = Field(2_000, description="How many lexical tokens a document may have.")
    max_cost: Count = Field(20_000, description="What one operation may cost, in cost units.")
    persisted_queries: int = Field(
        1_000,
        ge=0,
        description="Documents of automatic persisted queries that a process remembers; 0 turns them off.",
    )
    operation_s: Count = Field(30, description="Seconds after which an operation is given up.")
    sockets_per_address: Count = Field(200, description="Open WebSockets of one address at most.")
    socket_ping_s: Count = Field(30, description="Seconds between a socket's pings; 2.5 silent ones end it.")
    queued_messages: Count = Field(64, description="Messages that may wait for one slow client.")

    # Trade
    sandbox_payments: bool | None = Field(
        None, description="Whether SANDBOX pays orders. Unset: in the demo only; elsewhere it must not be on."
    )
    reservation_minutes: Count = Field(15, description="How long an unpaid order keeps its goods.")
    order_batch: Count = Field(64, description="How many orders share a transaction at most; 1: none do.")
    quote_minutes: Count = Field(10, description="How long a quote's prices are promised.")
    order_lines: Count = Field(50, description="How many lines one order may have.")
    line_quantity: Count = Field(1_000, description="How many of one SKU a line may ask for.")
    minted_link: str = Field(
        "https://cards.quanyi.example/c/{code}",
        pattern=r"^https://[^{}\s]+/[^{}\s]*\{code\}$",
        description="What a link that we mint looks like, with `{code}` where its code goes.",
    )
    reveals_per_card: Count = Field(1, description="How often a buyer may look at a card's secret.")
    reveal_minutes: Count = Field(
        10,
        description="How long a revealed secret may be shown; its idempotency key answers again until then.",
    )
    redemption_lease_s: Count = Field(60, description="Seconds that a redeemer has to finish what it began.")
    redemption_answer_ms: int = Field(
        250, ge=0, description="A refused redemption is answered after so long, whatever was wrong with it."
    )
    redemption_free_tries: Count = Field(
        20,
        description="Wrong codes of one token or address from which on each doubles the pause before the "
        "next.",
    )
    sell_margin_hours: int = Field(
        24, ge=0, description="Cards that end sooner than this are taken out of stock."
    )
    allocation_most: Count = Field(100_000, description="How many of a SKU a channel hands on at once.")
    expiry_grace_hours: int = Field(
        24, ge=0, description="How long after its end a sold card is still accepted before it expires."
    )

    # Sessions and tokens
    agent_session_hours: Count = Field(12, description="How long an agent stays signed in.")
    customer_session_days: Count = Field(30, description="How long a customer stays signed in.")

    # Passwords
    password_memory_kib: int = Field(47_104, ge=19_456, description="Argon2id: memory of one hash, in KiB.")
    password_passes: Count = Field(1, description="Argon2id: passes over the memory.")
    password_threads: Count = Field(2, description="Passwords that one process hashes at the same time.")
    password_queue: Count = Field(
        32,
        description="Passwords that may wait for that; further sign-ins are sent away for a second.",
    )

    # Guessing
    account_free_tries: Count = Field(
        5,
        description="Failed sign-ins of an account from which on each doubles the pause before the next.",
    )
    address_free_tries: Count = Field(30, description="The same for a network address (a /64 in IPv6).")
    pause_first_s: Count = Field(1, description="The first pause, in seconds.")
    pause_most_s: Count = Field(900, description="The longest pause, in seconds.")
    guess_memory_minutes: Count = Field(60, description="Failures are forgotten after so long without one.")

    # One-time codes
    sign_in_code_minutes: Count = Field(5, description="How long a one-time code is valid.")
    sign_in_code_failures: Count = Field(5, description="Wrong codes after which the right one is void.")
    sign_in_code_pause_s: Count = Field(60, description="Seconds between two codes to one number.")
    sign_in_codes_per_day: Count = Field(10, description="Codes to one number in 24 hours.")
    sign_in_codes_per_address: Count = Field(
        30, description="Codes asked for from one address before each further one doubles the pause."
    )

    # Messages
    message_sender: str = Field(
        "file",
        description="Who delivers messages to people: `file` appends to `messages.jsonl` in `QUANYI_DATA` "
        "(demo only), `http` posts to `QUANYI_MESSAGE_URL`. Each is a file in `persistence/access/senders`.",
    )
    message_url: str | None = Field(
        None,
        repr=False,
        description="Where the `http` sender posts `{to, text}`, signed as a webhook.",
    )
    message_secret: str | None = Field(
        None, repr=False, description="The secret (`whsec_…`) that the `http` sender signs with."
    )

    @classmethod
    def of_demo(cls) -> Settings:
        """The settings with the demo on; its passwords are no secret, so their hashes are cheap."""
        said = cls(demo=True)
        cheap = {} if "password_memory_kib" in said.model_fields_set else {"password_memory_kib": 19_456}
        return said.model_copy(update=cheap)

    def environment(self) -> dict[str, str]:
        """These settings as the environment of another process; holds every secret that they hold."""
        values = {name: getattr(self, name) for name in type(self).model_fields}
        return {environment_name(name): str(value) for name, value in values.items() if value is not None}

    @property
    def sandbox_allowed(self) -> bool:
        """Whether the payment method SANDBOX exists."""
        return self.demo if self.sandbox_payments is None else self.sandbox_payments

    @property
    def messages_path(self) -> Path:
        """The file of the file sender."""
        return self.data / "messages.jsonl"

    def make_data(self) -> Path:
        """The data directory, made where it is missing; others may pass through it and list nothing.

        An unprivileged PostgreSQL has to pass; every file of ours in it is for its owner alone.
        """
        self.data.mkdir(mode=0o711, parents=True, exist_ok=True)
        return self.data

    @property
    def key_rings(self) -> dict[KeyPurpose, str]:
        """The root keys that were given in the environment, by purpose."""
        return {
            KeyPurpose.CARD: self.card_keys,
            KeyPurpose.INDEX: self.index_keys,
            KeyPurpose.CODE: self.code_keys,
            KeyPurpose.TOKEN: self.token_keys,
            KeyPurpose.PRESENTATION: self.presentation_keys,
        }

    def check_for_production(self) -> list[str]:
        """What has to be set before this may serve, a sentence each, no values; empty in the demo."""
        if self.demo:
            return []
        return [*self._storage_problems(), *self._key_problems(), *self._edge_problems()]

    def _storage_problems(self) -> list[str]:
        found = []
        if not self.database_url:
            found.append("DATABASE_URL is not set; the embedded PostgreSQL is for the demo only.")
        if self.workers > 1 and not self.redis_url:
            found.append("REDIS_URL is not set, but WORKERS is more than 1.")
        return found

    def _key_problems(self) -> list[str]:
        if self.key_file is not None:
            return [] if self.key_file.is_file() else ["QUANYI_KEY_FILE names a file that does not exist."]
        return [
            f"{environment_name(f'{purpose.value}_keys')} is not set; give it or QUANYI_KEY_FILE."
            for purpose, ring in self.key_rings.items()
            if not ring.strip()
        ]

    def _edge_problems(self) -> list[str]:
        found = []
        if self.message_sender == "file":
            found.append("QUANYI_MESSAGE_SENDER is `file`, which is for the demo only; use `http`.")
        elif self.message_sender not in SENDERS:
            found.append("QUANYI_MESSAGE_SENDER names no file in persistence/access/senders.")
        if self.message_sender == "http" and not self.message_url:
            found.append("QUANYI_MESSAGE_URL is not set.")
        if self.message_sender == "http" and not self.message_secret:
            found.append("QUANYI_MESSAGE_SECRET is not set.")
        if self.sandbox_allowed:
            found.append("QUANYI_SANDBOX_PAYMENTS is on; SANDBOX pays orders with no money.")
        return found


def environment_name(field: str) -> str:
    """The environment variable of a field."""
    alias = Settings.model_fields[field].validation_alias
    if isinstance(alias, AliasChoices):
        return str(alias.choices[-1])
    return PREFIX + field.upper()
