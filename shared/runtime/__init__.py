"""The machinery every service runs on. Read `service`, `follower`, `machine`, `log` and `relay` first.

a process           service, settings, follower, lease, subscriber, process_logs, telemetry, tracing, watchdog, memory
its HTTP            http, http_errors, bodies, shapes, queries, repeats
the fold            machine, definition, dead_letters, database, tables, bulk, copying
the log             log, log_rows, chain, appender, archive, transfer
the stream          relay, reader, direct_delivery, stream_messages, provisioning
the world outside   outgoing, public_addresses, secrets, signing_keys, trial_secrets
verify, rebuild     projection, shadow, proof, table_comparison
damage, repair      integrity, stream_comparison, patrol, patrol_rounds, skimming, broken_blocks, added_rows,
                    what_follows, repair
under all of them   clock, cancellation, leaving, refusals, embedded, ports, on_disk
"""
