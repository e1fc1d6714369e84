# cmake -DBENCH=… -DDURAMEND=… -DDIRECTORY=… -P tail.cmake: the measurement of tails, small.
file(REMOVE_RECURSE ${DIRECTORY})
set(call ${BENCH} tail --data-dir ${DIRECTORY} --duramend ${DURAMEND} --rate 2000 --request-records 100
  --seconds 1 --more-tails 20 -o json)
execute_process(COMMAND ${call} OUTPUT_VARIABLE out RESULT_VARIABLE code)
if(NOT code EQUAL 0)
  message(FATAL_ERROR "duramen-bench tail ended with ${code}")
endif()
# That every row came, the program checks.
string(JSON parts LENGTH ${out} parts)
string(JSON tails GET ${out} parts 1 tails)
string(JSON lines GET ${out} parts 1 everything lines)
string(JSON others GET ${out} parts 1 others lines)
string(JSON longest GET ${out} parts 1 everything max_seconds)
string(JSON cpu GET ${out} parts 1 daemon_cpu_seconds)
if(NOT parts EQUAL 2 OR NOT tails EQUAL 21 OR NOT lines EQUAL 2000 OR NOT others GREATER 40
    OR NOT longest GREATER 0 OR NOT cpu GREATER 0)
  message(FATAL_ERROR "not plausible: ${out}")
endif()
file(REMOVE_RECURSE ${DIRECTORY})
