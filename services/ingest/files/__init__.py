"""From a file as it comes to a table: what kind of file, its encoding, where the table begins and ends, its rows.

`reading.open_table` is the way in. file_kind.py and workbook.py tell and open what is no text, encoding.py and
alphabets.py make text of bytes, records.py splits it, layout.py finds header, preamble and footer;
table_checks.py judges the table, misfits.py its rows; limits.py says how much is read.
"""
