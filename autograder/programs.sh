# Which programs are graded, and how they are built: read by run_autograder in the folder of the
# submission. Sets build (may be empty), server and client; the first that fits counts.

if [ -f Makefile ] || [ -f makefile ]; then
  build=make server='./server {port}' client='./client {host} {port}'
elif [ -f server.c ] && [ -f client.c ]; then
  build="sh -c 'gcc -O2 -pthread -o server server.c && gcc -O2 -pthread -o client client.c'"
  server='./server {port}' client='./client {host} {port}'
elif [ -f server.py ] && [ -f client.py ]; then
  build='' server='python3 server.py {port}' client='python3 client.py {host} {port}'
else
  wanted='a Makefile that makes server and client, or server.c and client.c, or server.py and client.py'
fi
