"""What an error of ATC means, in our own words, in English and Chinese.

A log is read (`logs`) and cut into statements (`statements`); signs in their text (`signs`) and the table of codes
(`table`) say what each means; the nearest to the root cause is explained (`diagnosis`) with what it names (`values`)
and where that is in the model (`where`: `graph`, `parsers`, `ports`, `words`).
"""
