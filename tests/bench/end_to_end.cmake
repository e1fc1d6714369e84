# cmake -DBENCH=… -DDURAMEND=… -DDIRECTORY=… -P end_to_end.cmake
file(REMOVE_RECURSE ${DIRECTORY})
set(call ${BENCH} e2e --data-dir ${DIRECTORY} --duramend ${DURAMEND} --records 20000 --connections 2
  --request-bytes 256KiB -o json)
execute_process(COMMAND ${call} OUTPUT_VARIABLE out RESULT_VARIABLE code)
if(NOT code EQUAL 0)
  message(FATAL_ERROR "duramen-bench e2e ended with ${code}")
endif()
string(JSON records GET ${out} records)
string(JSON seconds GET ${out} daemon_at_seal user_seconds)
string(JSON disk GET ${out} disk bytes)
string(JSON words GET ${out} disk index_parts.words_bytes)
string(JSON filters GET ${out} disk index_parts.filter_bytes)
if(NOT records EQUAL 20000 OR NOT seconds GREATER 0 OR NOT disk GREATER 100000
    OR NOT words GREATER 0 OR NOT filters GREATER 0)
  message(FATAL_ERROR "not plausible: ${out}")
endif()
# A directory with data in it is no place for a measurement.
execute_process(COMMAND ${call} OUTPUT_QUIET ERROR_VARIABLE said RESULT_VARIABLE code)
if(NOT code EQUAL 2 OR NOT said MATCHES "is not empty")
  message(FATAL_ERROR "a used directory was taken: ${code} ${said}")
endif()
file(REMOVE_RECURSE ${DIRECTORY})
