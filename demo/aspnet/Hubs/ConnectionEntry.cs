using System.Threading.Channels;
using HubshareDemo.Admin;
using HubshareDemo.Auth;
using HubshareDemo.Security;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Protocol;

namespace HubshareDemo.Hubs;

/// <summary>
/// One live hub connection and the queue of events for it. The queue keeps the order of events whatever the transport does, and lets
/// a broadcast go on while one client is slow; a client that lets too much pile up is given up.
/// </summary>
public sealed class ConnectionEntry(HubConnectionContext connection, Counters counters)
{
    private const long MaxBufferedBytes = 16 * 1024 * 1024;

    private readonly Channel<OutgoingEvent> queue = Channel.CreateUnbounded<OutgoingEvent>(new UnboundedChannelOptions { SingleReader = true });
    private long bufferedBytes;
    private int badTokens;
    private int closing;
    private volatile Task newest = Task.CompletedTask;

    public HubConnectionContext Connection => connection;

    public string Id => connection.ConnectionId;

    public string? User => connection.UserIdentifier;

    /// <summary>The key under which its HTTP requests come. Null when the client skipped negotiation: it then has but one request.</summary>
    public string? ConnectionToken { get; } = connection.GetHttpContext()?.Request.Query["id"].FirstOrDefault();

    /// <summary>Path of the endpoint at which it came in.</summary>
    public string Path { get; } = connection.GetHttpContext()?.Request.Path.Value ?? "";

    /// <summary>Of the client's socket, as it was when the connection began.</summary>
    public string Address { get; } = ClientAddress.Of(connection.GetHttpContext());

    public CurrentToken Token { get; } = new(connection.User);

    /// <summary>One more bad token was offered on this connection.</summary>
    /// <returns>How many it were so far.</returns>
    public int CountBadToken() => Interlocked.Increment(ref badTokens);

    /// <returns>True the first time: a connection that has expired is closed once.</returns>
    public bool BeginClosing() => Interlocked.Exchange(ref closing, 1) == 0;

    public Task SendAsync(string name, params object?[] args) => SendAsync(new SerializedHubMessage(new InvocationMessage(name, args)));

    public SecurityNote Note(SecurityEventType type) => new(type) { Hub = Path, UserId = User, ConnectionId = Id, Address = Address };

    /// <summary>Completes when the event has been handed to the transport, or when the connection has gone.</summary>
    public Task SendAsync(SerializedHubMessage message)
    {
        var bytes = message.GetSerializedMessage(connection.Protocol).Length;
        if (Interlocked.Add(ref bufferedBytes, bytes) > MaxBufferedBytes)
        {
            connection.Abort();
            return Task.CompletedTask;
        }

        var written = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        if (!queue.Writer.TryWrite(new OutgoingEvent(message, bytes, written)))
        {
            return Task.CompletedTask;
        }

        newest = written.Task;
        return written.Task;
    }

    /// <summary>Completes when every event that was queued before this call has been handed to the transport.</summary>
    public Task FlushAsync() => newest;

    public void EndQueue() => queue.Writer.TryComplete();

    public async Task RunQueueAsync()
    {
        await foreach (var outgoing in queue.Reader.ReadAllAsync())
        {
            if (!connection.ConnectionAborted.IsCancellationRequested)
            {
                counters.MessagesSent.Add();
                counters.BytesSent.Add(outgoing.Bytes);
                await connection.WriteAsync(outgoing.Message);
            }

            Interlocked.Add(ref bufferedBytes, -outgoing.Bytes);
            outgoing.Written.TrySetResult();
        }
    }
}
