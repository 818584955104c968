namespace HubshareDemo.Metrics;

/// <summary>Measures the machine. CPU values are over the time since the call before.</summary>
public interface IHostProbe
{
    HostSample Sample();
}
