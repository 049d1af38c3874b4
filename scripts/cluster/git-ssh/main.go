// Serves git over SSH to whoever has the one key that is allowed: what an sshd with git-shell does, without
// an account on the machine. Arguments: address, folder of the repositories, host key, public key of the user.
package main

import (
	"bytes"
	"errors"
	"io"
	"log"
	"net"
	"os"
	"os/exec"
	"strings"

	"golang.org/x/crypto/ssh"
)

func main() {
	address, root, hostKey, userKey := os.Args[1], os.Args[2], os.Args[3], os.Args[4]
	allowed, _, _, _, err := ssh.ParseAuthorizedKey(read(userKey))
	check(err)
	signer, err := ssh.ParsePrivateKey(read(hostKey))
	check(err)
	config := &ssh.ServerConfig{
		PublicKeyCallback: func(_ ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
			if !bytes.Equal(key.Marshal(), allowed.Marshal()) {
				return nil, errors.New("unknown key")
			}
			return nil, nil
		},
	}
	config.AddHostKey(signer)
	listener, err := net.Listen("tcp", address)
	check(err)
	for {
		connection, err := listener.Accept()
		check(err)
		go serve(connection, config, root)
	}
}

func serve(connection net.Conn, config *ssh.ServerConfig, root string) {
	defer connection.Close()
	_, channels, requests, err := ssh.NewServerConn(connection, config)
	if err != nil {
		log.Print(err)
		return
	}
	go ssh.DiscardRequests(requests)
	for offered := range channels {
		if offered.ChannelType() != "session" {
			offered.Reject(ssh.UnknownChannelType, "only sessions")
			continue
		}
		channel, requests, err := offered.Accept()
		if err != nil {
			log.Print(err)
			return
		}
		go answer(channel, requests, root)
	}
}

// answer runs the one command of a session; git asks for its protocol version by an environment variable.
func answer(channel ssh.Channel, requests <-chan *ssh.Request, root string) {
	environment := os.Environ()
	for request := range requests {
		switch request.Type {
		case "env":
			var variable struct{ Name, Value string }
			known := ssh.Unmarshal(request.Payload, &variable) == nil && variable.Name == "GIT_PROTOCOL"
			if known {
				environment = append(environment, "GIT_PROTOCOL="+variable.Value)
			}
			request.Reply(known, nil)
		case "exec":
			var command struct{ Line string }
			known := ssh.Unmarshal(request.Payload, &command) == nil
			request.Reply(known, nil)
			go run(channel, command.Line, environment, root)
		default:
			request.Reply(false, nil)
		}
	}
}

// run lets git-shell, which allows nothing but git's own commands, run a line such as git-upload-pack '/app.git'.
func run(channel ssh.Channel, line string, environment []string, root string) {
	defer channel.Close()
	shell := exec.Command("git-shell", "-c", strings.Replace(line, " '/", " '"+root+"/", 1))
	shell.Env, shell.Stdout, shell.Stderr = environment, channel, channel.Stderr()
	input, err := shell.StdinPipe() // Run would wait for the end of a connection that git keeps open
	if err == nil {
		err = shell.Start()
	}
	if err == nil {
		go func() {
			io.Copy(input, channel)
			input.Close()
		}()
		err = shell.Wait()
	}
	status := struct{ Code uint32 }{}
	if err != nil {
		log.Printf("%s: %v", line, err)
		status.Code = 1
	}
	channel.SendRequest("exit-status", false, ssh.Marshal(status))
}

func read(path string) []byte {
	content, err := os.ReadFile(path)
	check(err)
	return content
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
